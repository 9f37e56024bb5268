import {describe, expect, it} from 'vitest';
import type {NativeDefendOptions, NativeFtsamOptions} from '../../lib/native/run_contract.js';
import {expectBelow, largestDifference} from '../support/closeness.js';
import {errorOf} from '../support/error_of.js';
import {bytesOf, flatten, imageSetOf, ORACLE_EPOCHS, tensorsOf} from '../support/oracle.js';
import {loadedSession} from '../support/sessions.js';

const {optimizer} = ORACLE_EPOCHS;
const FTSAM: NativeFtsamOptions = {
  ...ORACLE_EPOCHS,
  ...{scheduleLength: 100, samSchedule: 'epoch'},
  sam: {rho: 0.5, adaptive: true, labelSmoothing: 0.1, alpha: 0},
};

async function imagesSession() {
  return loadedSession(imageSetOf(await tensorsOf('training.pt')));
}

function ftsam(options: Partial<NativeFtsamOptions> = {}, rounds = 2): NativeDefendOptions {
  const run = {method: 'ftsam' as const, rounds, evalEvery: 0, evalBatchSize: 8};
  return {...run, options: {...FTSAM, ...options}};
}

async function tuned(job: NativeDefendOptions) {
  using session = await imagesSession();
  const reports = await session.defend(job);
  return {reports, state: await session.exportStateDict()};
}

describe('sharpness-aware fine-tuning', () => {
  it('is fine-tuning where nothing is perturbed or smoothed', async () => {
    const sam = {...FTSAM.sam, rho: 0, labelSmoothing: 0};
    const {state} = await tuned(ftsam({sam, batchSize: 12}));
    const options = {...FTSAM, batchSize: 12};
    const plain = await tuned({...ftsam(), method: 'ft', options});
    for (const kind of ['parameters', 'statistics'] as const) {
      const difference = largestDifference(flatten(state, kind), flatten(plain.state, kind));
      expectBelow(kind, difference, 1e-6);
    }
  });

  it('meets a higher loss at the perturbed weights', async () => {
    const {reports} = await tuned(ftsam());
    for (const {figures} of reports) {
      const {loss, perturbedLoss, trainAcc} = figures;
      expect(perturbedLoss).toBeGreaterThan(loss ?? Number.NaN);
      expect(trainAcc).toBeGreaterThan(0.5);
    }
  });

  // With a length of 1 the rate is in turn that of the options and 0.
  it.each([
    ['batch', 32, 1, 2, false],
    ['epoch', 16, 1, 2, false],
    ['batch', 16, 2, 3, true],
  ] as const)(
    'moves its rate with each %s: of batches of %i, rounds %i and %i differ: %s',
    async (samSchedule, batchSize, fewer, more, differ) => {
      const still = {...optimizer, momentum: 0, weightDecay: 0};
      const options = {samSchedule, batchSize, scheduleLength: 1, optimizer: still};
      const weightsAfter = async (rounds: number) =>
        flatten((await tuned(ftsam(options, rounds))).state, 'parameters');
      const difference = largestDifference(await weightsAfter(fewer), await weightsAfter(more));
      if (differ) expect(difference).toBeGreaterThan(1e-5);
      else expect(difference).toBe(0);
    },
  );

  it('leaves the reference alone', async () => {
    using session = await imagesSession();
    const reference = bytesOf(await session.exportStateDict('reference'));
    await session.defend(ftsam());
    expect(bytesOf(await session.exportStateDict('reference'))).toEqual(reference);
  });

  it('rejects with ERR_DIVERGED and what to do where the perturbation is too long', async () => {
    const sam = {...FTSAM.sam, rho: 1e30};
    const {message} = await errorOf(tuned(ftsam({sam}, 3)), 'ERR_DIVERGED');
    expect(message).toContain('learningRate');
  });

  it.each([
    [{rho: -1}, 'rho'],
    [{labelSmoothing: 2}, 'labelSmoothing'],
    [{alpha: -1}, 'alpha'],
  ])('refuses %j', async (wrong, name) => {
    const error = await errorOf(tuned(ftsam({sam: {...FTSAM.sam, ...wrong}})), 'ERR_CONFIG');
    expect(error.message).toContain(name);
  });
});
