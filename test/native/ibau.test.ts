import {describe, expect, it} from 'vitest';
import type {NativeDefendOptions, NativeIbauOptions} from '../../lib/native/run_contract.js';
import type {SessionOptions} from '../../lib/session/open_session.js';
import {expectBelow, relativeL2} from '../support/closeness.js';
import {errorOf} from '../support/error_of.js';
import {bytesOf, flatten, imageSetOf, tensorsOf} from '../support/oracle.js';
import {loadedSession, UNLEARN} from '../support/sessions.js';

const IBAU: NativeIbauOptions = {
  ...{batchSize: 12, perturbationRate: 10, portion: 0.5, cropPadding: 2, flip: true},
  hypergradient: {normWeight: 0.001, fixedPointRate: 0.1, fixedPoints: 3},
  optimizer: UNLEARN.optimizer,
};

function ibau(options: Partial<NativeIbauOptions> = {}, rounds = 2): NativeDefendOptions {
  const run = {method: 'ibau' as const, rounds, evalEvery: 0, evalBatchSize: 8};
  return {...run, options: {...IBAU, ...options}};
}

async function unlearned(job: NativeDefendOptions, options: Partial<SessionOptions> = {}) {
  using session = await loadedSession(imageSetOf(await tensorsOf('training.pt')), options);
  const before = await session.exportStateDict();
  const reports = await session.defend(job);
  return {before, reports, state: await session.exportStateDict()};
}

describe('i-BAU', () => {
  it('unlearns what the universal perturbation does, with batch norm as it is', async () => {
    const {before, state, reports} = await unlearned(ibau({}, 4));
    expect(reports).toHaveLength(4);
    const losses = reports.map(({figures}) => figures.perturbedLoss ?? Number.NaN);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
    for (const {figures} of reports) expect(figures.trainAcc).toBeGreaterThan(0);
    expect(flatten(state, 'statistics')).toEqual(flatten(before, 'statistics'));
    expect(relativeL2(flatten(state, 'parameters'), flatten(before, 'parameters'))).toBeGreaterThan(
      1e-3,
    );
  });

  it('gives the same weights for a seed, and others for another', async () => {
    const weights = async (seed: number) => bytesOf((await unlearned(ibau(), {seed})).state);
    expect(await weights(1)).toEqual(await weights(1));
    expect(await weights(1)).not.toEqual(await weights(2));
  });

  it('does the same in pieces', async () => {
    const parameters = async (chunkSize: number) => {
      const tuning = {execution: 'auto', chunkSize, cacheMib: 0} as const;
      return flatten((await unlearned(ibau(), {tuning})).state, 'parameters');
    };
    expectBelow('weights', relativeL2(await parameters(5), await parameters(0)), 1e-4);
  });

  it('goes by the clean loss alone where no image has the perturbation', async () => {
    const some = {portion: 0, cropPadding: 0, flip: false, batchSize: 32};
    const [without, ...others] = await Promise.all(
      [0, 5].map(async (fixedPoints) => {
        const hypergradient = {...IBAU.hypergradient, fixedPoints};
        return bytesOf((await unlearned(ibau({...some, hypergradient}))).state);
      }),
    );
    expect(others).toEqual([without]);
  });

  it('rejects with ERR_DIVERGED and what to do where the rate is too high', async () => {
    const optimizer = {...IBAU.optimizer, learningRate: 1e30};
    const {message} = await errorOf(unlearned(ibau({optimizer}, 3)), 'ERR_DIVERGED');
    expect(message).toContain('learningRate');
  });

  it.each([
    [{portion: 1.5}, 'portion'],
    [{batchSize: 0}, 'batchSize'],
    [{hypergradient: {...IBAU.hypergradient, fixedPoints: -1}}, 'fixedPoints'],
  ])('refuses %j', async (wrong, name) => {
    const {message} = await errorOf(unlearned(ibau(wrong)), 'ERR_CONFIG');
    expect(message).toContain(name);
  });
});
