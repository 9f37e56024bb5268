import {describe, expect, it} from 'vitest';
import type {ExecutionName, NativeTuning} from '../../lib/native/contract.js';
import {expectBelow, relative, relativeL2} from '../support/closeness.js';
import {bytesOf, facts, flatten, imageSetOf, range, tensorsOf} from '../support/oracle.js';
import {loadedSession, PGD, sauOptions, UNLEARN, type Unlearning} from '../support/sessions.js';

/** More than the classes, from where on a cache of the reference's first step pays; batches of 8 and 6. */
const ROUNDS = facts.num_classes + 1;
const STEPS: Unlearning = {
  ...UNLEARN,
  rounds: ROUNDS,
  batchSize: 8,
  pgd: {...PGD, steps: 5},
};

async function perturbed(tuning: Partial<NativeTuning>, pgd = STEPS.pgd) {
  const set = imageSetOf(await tensorsOf('rounds.pt'));
  using session = await loadedSession(set, {tuning});
  return await session.perturb('cleanSubset', range(set.count), pgd);
}

async function unlearned(tuning: Partial<NativeTuning>, options = STEPS) {
  using session = await loadedSession(imageSetOf(await tensorsOf('rounds.pt')), {tuning});
  const reports = await session.defend(sauOptions(options));
  return {state: await session.exportStateDict(), reports};
}

type Unlearned = Awaited<ReturnType<typeof unlearned>>;

/** The same rounds up to the rounding of sums in another order. */
function expectSame(actual: Unlearned, expected: Unlearned): void {
  const weights = ({state}: Unlearned) => flatten(state, 'parameters');
  expectBelow('weights', relativeL2(weights(actual), weights(expected)), 1e-4);
  for (const [i, report] of expected.reports.entries()) {
    const {loss, suspectShare} = actual.reports[i]?.figures ?? {};
    expectBelow('loss', relative(loss ?? Number.NaN, report.figures.loss ?? 0), 1e-4);
    expect(suspectShare).toBe(report.figures.suspectShare);
  }
}

describe('a perturbation', () => {
  it.each(['max', 'zero', 'random'] as const)(
    'has no element that differs if shared images leave the search (init %s)',
    async (init) => {
      const pgd = {...STEPS.pgd, init};
      const plain = await perturbed({execution: 'static'}, pgd);
      expect(await perturbed({execution: 'dynamic'}, pgd)).toEqual(plain);
    },
  );

  it.each(['L1', 'L2'] as const)(
    'differs by no more than the rounding of a projection if shared images leave the search (%s)',
    async (norm) => {
      const pgd = {...STEPS.pgd, norm, normBound: 2};
      const plain = await perturbed({execution: 'static'}, pgd);
      const left = await perturbed({execution: 'dynamic'}, pgd);
      expectBelow('delta', relativeL2(left, plain), 1e-6);
    },
  );

  it('is the same in passes of any size', async () => {
    const whole = await perturbed({chunkSize: 1000});
    for (const chunkSize of [1, 3, 14]) expect(await perturbed({chunkSize})).toEqual(whole);
  });
});

describe('rounds', () => {
  it.each<ExecutionName>(['static', 'recorded'])(
    'end at the weights of the dynamic ones (%s)',
    async (execution) => {
      const dynamic = await unlearned({execution: 'dynamic', cacheMib: 0});
      expectSame(await unlearned({execution, cacheMib: 0}), dynamic);
    },
  );

  it.each([
    ['random starts', {...STEPS, pgd: {...STEPS.pgd, init: 'random'}}],
    ['two outer steps', {...STEPS, outerSteps: 2}],
    ['training mode', {...STEPS, loss: {...STEPS.loss, trainMode: true}}],
    ['adversarial training', {...STEPS, loss: {...STEPS.loss, lambda2: 0.5}}],
  ] as const)('that were recorded repeat bit for bit what they record (%s)', async (_, options) => {
    const [recorded, plain] = [
      await unlearned({execution: 'recorded'}, options),
      await unlearned({execution: 'static'}, options),
    ];
    expect(bytesOf(recorded.state)).toEqual(bytesOf(plain.state));
  });

  it.each(['max', 'min', 'zero'] as const)(
    'end at the same weights with what is kept of the reference as without (init %s)',
    async (init) => {
      const options = {...STEPS, pgd: {...STEPS.pgd, init}};
      expectSame(await unlearned({cacheMib: 16}, options), await unlearned({cacheMib: 0}, options));
    },
  );

  // AddressSanitizer keeps freed memory for a while.
  it.skipIf(process.env.ASAN_OPTIONS)(
    'keep nothing of the reference that exceeds the budget',
    async () => {
      // 800 images of 3 * 64 * 64 pixels and 5 classes take 188 MiB.
      const set = {...blank(800, 64), originalIndices: range(800)};
      const growth = async (cacheMib: number) => {
        using session = await loadedSession(set, {tuning: {cacheMib}});
        const before = process.memoryUsage().rss;
        const stop = new AbortController();
        let after = 0;
        const onProgress = () => {
          after = process.memoryUsage().rss;
          stop.abort();
        };
        const run = session.defend(sauOptions({...STEPS, pgd: PGD}), {
          signal: stop.signal,
          onProgress,
        });
        await run.catch(() => undefined);
        return (after - before) / 2 ** 20;
      };
      const within = await growth(180);
      expect((await growth(190)) - within).toBeGreaterThan(120);
    },
  );
});

function blank(count: number, side: number) {
  const labels = new Int32Array(count);
  const images = new Uint8Array(count * 3 * side * side);
  return {images, labels, trueLabels: labels, count, height: side, width: side};
}
