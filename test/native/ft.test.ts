import {describe, expect, it} from 'vitest';
import type {NativeDefendOptions, NativeFtOptions} from '../../lib/native/run_contract.js';
import type {TrainOptions} from '../../lib/session/session.js';
import {expectBelow, largestDifference, relative} from '../support/closeness.js';
import {errorOf} from '../support/error_of.js';
import {
  bytesOf,
  facts,
  flatten,
  floatsOf,
  imageSetOf,
  integersOf,
  ORACLE_EPOCHS,
  tensorsOf,
} from '../support/oracle.js';
import {loadedSession} from '../support/sessions.js';

const {full} = facts.training;

const FT: NativeFtOptions = ORACLE_EPOCHS;
const TRACKED = 'layer1.0.bn1.num_batches_tracked';

/** The 32 images of the oracle's training, as clean subset and as training set. */
async function imagesSession(seed = 0) {
  const images = imageSetOf(await tensorsOf('training.pt'));
  const session = await loadedSession(images, {seed});
  await session.setImages('train', images);
  return session;
}

function ft(options: Partial<NativeFtOptions> = {}, rounds = 2, evalEvery = 0) {
  const job = {method: 'ft' as const, rounds, evalEvery, evalBatchSize: 8};
  return {...job, options: {...FT, ...options}} satisfies NativeDefendOptions;
}

describe('fine-tuning', () => {
  it("ends at the oracle's weights and losses on batches of all images", async () => {
    using session = await imagesSession();
    const reports = await session.defend(ft());
    const expected = floatsOf(await tensorsOf('training.pt'), 'full.parameters');
    const parameters = flatten(await session.exportStateDict(), 'parameters');
    expectBelow('parameters', largestDifference(parameters, expected), 1e-6);
    expect(reports).toHaveLength(2);
    for (const [round, report] of reports.entries()) {
      expect(relative(report.figures.loss ?? 0, full.losses[round][0])).toBeLessThan(1e-5);
      expect(report).toMatchObject({round, metrics: null});
      expect(report.figures.trainAcc).toBeGreaterThan(0.5);
    }
  });

  it('is the ordinary training of the loaded weights, augmented and with the last, smaller batch', async () => {
    const options = {batchSize: 12, cropPadding: 2, flip: true};
    using tuned = await imagesSession(3);
    await tuned.defend(ft(options, 3));
    const training: TrainOptions = {
      ...{...FT, ...options, epochs: 3, dropLast: false},
      ...{evalEvery: 0, evalBatchSize: 8, poisonedPositions: new Int32Array(0)},
    };
    using trained = await imagesSession(3);
    const before = integersOf(await trained.exportStateDict(), TRACKED)[0] ?? 0;
    await trained.train(training);
    const weights = await tuned.exportStateDict();
    expect(bytesOf(weights)).toEqual(bytesOf(await trained.exportStateDict()));
    expect(integersOf(weights, TRACKED)[0]).toBe(before + 3 * 3); // batches of 12, 12 and 8
  });

  it('leaves the reference alone', async () => {
    using session = await imagesSession();
    const reference = bytesOf(await session.exportStateDict('reference'));
    await session.defend(ft());
    expect(bytesOf(await session.exportStateDict('reference'))).toEqual(reference);
  });

  it('is measured after every so many rounds and after the last', async () => {
    using session = await imagesSession();
    await session.setImages('cleanTest', imageSetOf(await tensorsOf('training.pt')));
    const reports = await session.defend(ft({}, 3, 2));
    expect(reports.map(({metrics}) => metrics !== null)).toEqual([false, true, true]);
    expect(reports.at(-1)?.metrics).toEqual(await session.evaluate('trainee', 8));
  });

  it('rejects with ERR_DIVERGED and what to do where the rate is too high', async () => {
    using session = await imagesSession();
    const optimizer = {...FT.optimizer, learningRate: 1e30};
    const {message} = await errorOf(session.defend(ft({optimizer}, 5)), 'ERR_DIVERGED');
    expect(message).toMatch(
      /^Expected a finite loss but it is -?(nan|inf) in round [1-5]\. Lower /,
    );
    expect(message).toContain('learningRate');
  });
});

it('a method that the native core does not have is refused by name', async () => {
  using session = await imagesSession();
  const options = {...ft(), method: 'lion'} as unknown as NativeDefendOptions;
  const {message} = await errorOf(session.defend(options), 'ERR_CONFIG');
  expect(message).toContain("a known method but received 'lion'");
});
