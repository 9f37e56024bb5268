import {describe, expect, it} from 'vitest';
import type {NativeTrainingAttack} from '../../lib/native/attack_contract.js';
import type {SessionOptions} from '../../lib/session/open_session.js';
import type {TrainOptions} from '../../lib/session/session.js';
import {errorOf} from '../support/error_of.js';
import {range} from '../support/oracle.js';
import {PGD, roundsSession, sauOptions, tinySession, UNLEARN} from '../support/sessions.js';

const TRAIN: TrainOptions = {
  ...{epochs: 1, batchSize: 4, dropLast: false, schedule: 'constant', scheduleLength: 1},
  ...{warmupShare: 0, milestones: [], gamma: 0.1, cropPadding: 0, flip: false},
  ...{evalEvery: 0, evalBatchSize: 8, optimizer: UNLEARN.optimizer},
  poisonedPositions: new Int32Array(0),
};

describe('a session refuses with what to do', () => {
  it.each<[Partial<SessionOptions>, RegExp]>([
    [
      {mean: [0.5, 0.5, 0.5, 0.5]},
      /three numbers .* for mean but received \[0\.5,0\.5,0\.5,0\.5\]/,
    ],
    [{mean: [0.5]}, /three numbers .* for mean but received \[0\.5\]/],
    [{mean: []}, /three numbers .* for mean but received \[\]/],
    [{std: [1, 1, 1, 1]}, /three numbers > 0 .* for std/],
    [{std: [1, 0, 1]}, /three numbers > 0 .* for std/],
    [{std: [1, Number.NaN, 1]}, /three numbers > 0 .* for std/],
    [{mean: [1e300, 0, 0]}, /three numbers .* for mean/],
  ])('channel constants that are none: %j', async (wrong, words) => {
    const {message} = await errorOf(tinySession(wrong), 'ERR_CONFIG');
    expect(message).toMatch(words);
    expect(message).toMatch(/Give one for each of the channels R, G and B/);
  });

  it.each<[Partial<SessionOptions>, string]>([
    [{threads: 1e6}, 'a number >= 0 and <= 1024 for threads but received 1000000'],
    [{threads: -1}, 'a number >= 0 and <= 1024 for threads but received -1'],
    [{numClasses: 0}, 'a number >= 2 for numClasses but received 0'],
    [{seed: -1}, 'a number >= 0 and <= 9007199254740991 for seed but received -1'],
  ])('a number out of range: %j', async (wrong, words) => {
    expect((await errorOf(tinySession(wrong), 'ERR_CONFIG')).message).toContain(words);
  });

  it('numbers of its jobs that are out of range, and goes on', async () => {
    using session = await roundsSession();
    const attack: NativeTrainingAttack = {
      ...({kind: 'bpp', poisonRate: 0.5, targetLabel: 0} as const),
      ...({labelMode: 'all2one', rotation: 0} as const),
      ...{levels: 8, dithering: false, negativeRatio: 0, mean: [0, 0, 0, 0], std: [1, 1, 1]},
    };
    const calls = [
      () => session.defend(sauOptions({...UNLEARN, batchSize: 0})),
      () => session.defend(sauOptions({...UNLEARN, outerSteps: -1})),
      () => session.defend(sauOptions({...UNLEARN, pgd: {...PGD, normBound: 1e308}})),
      () => session.perturb('cleanSubset', range(2), {...PGD, steps: -1}),
      () => session.train({...TRAIN, batchSize: -4}),
      () => session.train({...TRAIN, cropPadding: 1e9}),
      () => session.trainAttack(TRAIN, attack),
      () => session.evaluate('trainee', 0),
    ];
    for (const call of calls) {
      expect((await errorOf(call(), 'ERR_CONFIG')).message).toMatch(/^Expected .* but received /);
      expect(session.busy).toBe(false);
    }
    expect(await session.predict('trainee', 'cleanSubset')).toHaveLength(14);
  });
});
