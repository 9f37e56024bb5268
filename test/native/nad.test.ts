import {describe, expect, it} from 'vitest';
import type {NativeDefendOptions, NativeNadOptions} from '../../lib/native/run_contract.js';
import type {Progress} from '../../lib/run/progress.js';
import {expectBelow, largestDifference} from '../support/closeness.js';
import {
  bytesOf,
  flatten,
  floatsOf,
  imageSetOf,
  integersOf,
  ORACLE_EPOCHS,
  tensorsOf,
} from '../support/oracle.js';
import {loadedSession} from '../support/sessions.js';

const NAD: NativeNadOptions = {
  ...ORACLE_EPOCHS,
  ...{compat: 'sound', teacherRounds: 2, beta1: 500, beta2: 1000, power: 2},
};

function nad(options: Partial<NativeNadOptions> = {}, rounds = 2): NativeDefendOptions {
  const run = {method: 'nad' as const, rounds, evalEvery: 0, evalBatchSize: 8};
  return {...run, options: {...NAD, ...options}};
}

async function distilled(job: NativeDefendOptions) {
  using session = await loadedSession(imageSetOf(await tensorsOf('training.pt')));
  const events: Progress[] = [];
  const reports = await session.defend(job, {onProgress: (event) => events.push(event)});
  return {reports, events, state: await session.exportStateDict()};
}

describe('attention distillation', () => {
  it('is training at a constant rate where the attention has no weight', async () => {
    const {state} = await distilled(nad({beta1: 0, beta2: 0}));
    const options = {...NAD, schedule: 'constant' as const};
    const run = {rounds: 2, evalEvery: 0, evalBatchSize: 8};
    const plain = await distilled({...run, method: 'ft', options});
    for (const kind of ['parameters', 'statistics'] as const) {
      const difference = largestDifference(flatten(state, kind), flatten(plain.state, kind));
      expectBelow(kind, difference, 1e-6);
    }
  });

  it('tells of the teacher in a table, then brings the attention near to its', async () => {
    const {reports, events} = await distilled(nad({teacherRounds: 3, beta1: 5, beta2: 10}, 4));
    const rows = events.filter((event) => event.kind === 'row');
    expect(rows.map(({table, cells}) => [table, cells.round])).toEqual([
      ['teacher', 0],
      ['teacher', 1],
      ['teacher', 2],
    ]);
    const losses = reports.map(({figures}) => figures.attentionLoss ?? Number.NaN);
    expect(losses).toHaveLength(4);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
    const stages = events.flatMap((event) => (event.kind === 'stage' ? [event.message] : []));
    expect(stages).toEqual(['training the teacher', 'distilling attention']);
  });

  it('updates running statistics once a step, and as the official tool four times and three', async () => {
    const still = {...NAD.optimizer, learningRate: 1e-30, weightDecay: 0};
    const options = {optimizer: still, teacherRounds: 1};
    const before = await tensorsOf('tiny_trainee.pt');
    const [sound, reference] = await Promise.all(
      (['sound', 'reference'] as const).map(
        async (compat) => (await distilled(nad({...options, compat}, 1))).state,
      ),
    );
    if (sound === undefined || reference === undefined) throw new Error('unreachable');
    for (const [layer, updates] of [
      ['layer1.0.bn1', 4],
      ['layer4.1.bn2', 3],
    ] as const) {
      const name = `${layer}.running_mean`;
      const start = floatsOf(before, name);
      const once = floatsOf(sound, name);
      const kept = 0.9 ** updates;
      const expected = start.map((x, i) => {
        const ofBatch = x + ((once[i] ?? 0) - x) / 0.1;
        return kept * x + (1 - kept) * ofBatch;
      });
      expectBelow(name, largestDifference(floatsOf(reference, name), expected), 1e-4);
      const counts = [sound, reference].map(
        (state) => integersOf(state, `${layer}.num_batches_tracked`)[0] ?? 0,
      );
      expect((counts[1] ?? 0) - (counts[0] ?? 0)).toBe(updates - 1);
    }
  });

  it('leaves the reference alone', async () => {
    using session = await loadedSession(imageSetOf(await tensorsOf('training.pt')));
    const reference = bytesOf(await session.exportStateDict('reference'));
    await session.defend(nad());
    expect(bytesOf(await session.exportStateDict('reference'))).toEqual(reference);
  });
});
