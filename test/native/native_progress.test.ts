import {describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeSession} from '../../lib/native/contract.js';
import type {NativeDefendJob, NativeProgress} from '../../lib/native/run_contract.js';
import {facts, imageSetOf, tensorsOf} from '../support/oracle.js';
import {sauOptions, UNLEARN} from '../support/sessions.js';

/** The native session itself, with fresh weights and 14 images to purify and to measure. */
async function nativeSession(): Promise<NativeSession> {
  const {model, num_classes: numClasses, mean, std} = facts;
  const tuning = {execution: 'dynamic', chunkSize: 0, cacheMib: 0} as const;
  const target = {model, numClasses, mean, std};
  const {core} = await loadCore();
  const precision = {precision: 'fp32', evalPrecision: 'fp32', deterministic: false} as const;
  const options = {device: 'cpu', seed: 0, threads: 1, tuning, ...precision} as const;
  const session = new core.Session({...options, ...target});
  await session.initialize();
  const images = {...imageSetOf(await tensorsOf('rounds.pt')), isMapped: false};
  await session.setImages('cleanSubset', images);
  await session.setImages('cleanTest', images);
  return session;
}

async function told(options: NativeDefendJob): Promise<NativeProgress[]> {
  const session = await nativeSession();
  const events: NativeProgress[] = [];
  await session.defend(options, [], (event) => events.push(event));
  session.dispose();
  return events;
}

const {optimizer} = UNLEARN;
const FT: NativeDefendJob = {
  ...{
    method: 'ft',
    rounds: 1,
    evalEvery: 0,
    evalBatchSize: 8,
    patience: 0,
    seconds: 0,
    saveEvery: 0,
  },
  options: {
    ...{batchSize: 8, optimizer, schedule: 'constant', scheduleLength: 1, warmupShare: 0},
    ...{milestones: [], gamma: 1, cropPadding: 0, flip: false},
  },
};

describe('what the native core tells', () => {
  it('has of each kind its own fields alone', async () => {
    const events = await told(sauOptions({...UNLEARN, rounds: 1, batchSize: 14, evalEvery: 1}));
    expect(events.map(({kind}) => kind)).toEqual(['batch', 'evaluation', 'round', 'passes']);
    expect(events[0]).toEqual({kind: 'batch', round: 0, rounds: 1, batch: 1, batches: 1});
    expect(events[1]).toEqual({kind: 'evaluation', images: 14, of: 14});
    expect(Object.keys(events[2] ?? {}).sort()).toEqual(
      ['figures', 'kind', 'metrics', 'round', 'rounds', 'seconds'].sort(),
    );
  });

  it.each<[NativeDefendJob, string[]]>([
    [sauOptions({...UNLEARN, rounds: 1}), ['loss', 'cleanLoss', 'sharedLoss', 'suspectShare']],
    [FT, ['loss', 'trainAcc']],
  ])('names the figures of the method: $method', async (options, names) => {
    const last = (await told(options)).at(-2); // the last are the passes
    if (last?.kind !== 'round') throw new Error('The last event is no round');
    expect(Object.keys(last.figures)).toEqual(names);
    expect(Object.values(last.figures).every(Number.isFinite)).toBe(true);
    expect(last).not.toHaveProperty('metrics');
  });
});
