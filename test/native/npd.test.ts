import {beforeAll, describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import type {
  NativeDefendOptions,
  NativeNpdOptions,
  NativePolarizingOptions,
} from '../../lib/native/run_contract.js';
import type {Progress} from '../../lib/run/progress.js';
import {expectBelow, largestDifference, relativeL2} from '../support/closeness.js';
import {errorOf} from '../support/error_of.js';
import {polarizedTNet} from '../support/golden_nets.js';
import {elementsOf, expectGolden, stepInput} from '../support/golden_steps.js';
import {bytesOf, floatsOf, imageSetOf, integersOf, tensorsOf} from '../support/oracle.js';
import {loadedSession, UNLEARN} from '../support/sessions.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

const POLARIZING: NativePolarizingOptions = {
  ...{norm: 'L2', normBound: 0.5, stepSize: 0.1, steps: 2, enough: 1, signSteps: true},
  ...{cleanWeight: 1, keptWeight: 0.4, topWeight: 0.4, targetWeight: 0.4, trainMode: false},
};
const NPD: NativeNpdOptions = {
  ...{batchSize: 12, warmupRounds: 2, warmupRate: 1e-3},
  optimizer: {...UNLEARN.optimizer, optimizer: 'sgd', learningRate: 0.01, momentum: 0.9},
  polarizing: {...POLARIZING, enough: 0.6},
};
const PLACE = 'layer4.1.conv1';

describe('a step of the polarizer on the golden net', () => {
  const step = (given: Partial<NativePolarizingOptions> = {}, chunk = 8) =>
    core.functional.defenses.polarizingStep({
      ...stepInput(polarizedTNet(core)),
      ...{optimizer: UNLEARN.optimizer, polarizing: {...POLARIZING, ...given}, chunk},
    });

  it.each([8, 3])('has the values of the reference, %i images a pass', (chunk) => {
    const {targets, searched, perturbed, losses, gradient} = step({}, chunk);
    expect([...targets]).toEqual([3, 0, 0, 2, 3, 0, 0, 2]);
    expectGolden('search', searched, [1.040794, 0.5495963]);
    expectGolden('images', [perturbed.reduce((sum, x) => sum + x, 0)], [768.0717]);
    const {total, clean, kept, top, target} = losses;
    expectGolden('losses', [clean, kept, top, target], [3.01, 1.042862, 1.008725, 1.008725]);
    expectGolden('loss', [total], [4.234125]);
    const norm = Math.hypot(...elementsOf(gradient, 'conv2.0.weight'));
    expectGolden('gradient', [norm], [7.219601]);
  });

  it('takes no gradient of anything but the polarizer', () => {
    const {gradient} = step();
    const moved = gradient.filter(({name}) => elementsOf(gradient, name).some((x) => x !== 0));
    const own = ['conv2.0.weight', 'conv2.1.weight', 'conv2.1.bias'];
    expect(moved.map(({name}) => name)).toEqual(own);
  });

  it('ends the search where enough images have their targets', () => {
    expect(step({enough: 0.5, steps: 9}).searched.length).toBeLessThan(9);
    expect(step({enough: 1, steps: 9}).searched).toHaveLength(9);
  });

  it('starts at the bound of an L_inf ball, and goes along the gradient itself if asked', () => {
    const images = stepInput(polarizedTNet(core)).images;
    const still = step({norm: 'L_inf', normBound: 0.1, stepSize: 0, steps: 1}).perturbed;
    const raised = Float32Array.from(images, (x) => Math.min(x + 0.1, 1));
    expectBelow('images', largestDifference(still, raised), 1e-6);
    const [along, signs] = [false, true].map((signSteps) => step({signSteps, steps: 1}).perturbed);
    expect(bytesEqual(along, signs)).toBe(false);
  });
});

function bytesEqual(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a !== undefined && b !== undefined && a.every((x, i) => x === b[i]);
}

function npd(options: Partial<NativeNpdOptions> = {}, rounds = 3): NativeDefendOptions {
  const run = {method: 'npd' as const, rounds, evalEvery: 0, evalBatchSize: 8};
  return {...run, options: {...NPD, ...options}};
}

async function polarized(
  job: NativeDefendOptions,
  {chunkSize = 0, ...options}: {chunkSize?: number; precision?: 'bf16'} = {},
) {
  const tuning = {execution: 'auto', chunkSize, cacheMib: 0} as const;
  const given = {...options, tuning};
  using session = await loadedSession(imageSetOf(await tensorsOf('training.pt')), given);
  const before = await session.exportStateDict();
  const events: Progress[] = [];
  const reports = await session.defend(job, {onProgress: (event) => events.push(event)});
  const {passes} = session;
  return {before, reports, events, passes, state: await session.exportStateDict()};
}

describe('a neural polarizer', () => {
  it('changes nothing but itself', async () => {
    const {before, state, reports} = await polarized(npd());
    expect(reports).toHaveLength(3);
    const own = [...state.keys()].filter((name) => /^layer4\.1\.conv1\.[01]\./.test(name));
    expect(own.map((name) => name.slice(PLACE.length))).toEqual([
      ...['.0.weight', '.1.weight', '.1.bias', '.1.running_mean', '.1.running_var'],
      '.1.num_batches_tracked',
    ]);
    const others = [...state].filter(([name]) => !own.includes(name));
    const plain = others.map(([name, tensor]) => [
      name.replace(`${PLACE}.2.`, `${PLACE}.`),
      tensor,
    ]);
    expect(plain).toEqual([...before]);
    const [weight, mean] = [`${PLACE}.0.weight`, `${PLACE}.1.running_mean`];
    expect(floatsOf(state, weight).filter((x) => x !== 0 && x !== 1).length).toBeGreaterThan(0);
    expect(floatsOf(state, mean).some((x) => x !== 0)).toBe(true);
  });

  it('is the network as it was before it learns', async () => {
    const still = {...NPD.optimizer, learningRate: 1e-30, weightDecay: 0};
    const {reports} = await polarized(npd({optimizer: still, warmupRounds: 0}, 1));
    using session = await loadedSession(imageSetOf(await tensorsOf('training.pt')));
    const predicted = await session.predict('trainee', 'cleanSubset');
    const {labels} = imageSetOf(await tensorsOf('training.pt'));
    const right = labels.filter((label, i) => label === predicted[i]).length;
    expect(reports[0]?.figures.trainAcc).toBeCloseTo(right / labels.length, 6);
  });

  it('tells of its warm-up in a table, and lets its loss fall', async () => {
    const {events, reports} = await polarized(npd({}, 6));
    const rows = events.filter((event) => event.kind === 'row');
    expect(rows.map(({table, cells}) => [table, cells.round])).toEqual([
      ['warmup', 0],
      ['warmup', 1],
    ]);
    const stages = events.flatMap((event) => (event.kind === 'stage' ? [event.message] : []));
    expect(stages).toEqual(['warming the polarizer up', 'training the polarizer']);
    const losses = reports.map(({figures}) => figures.loss ?? Number.NaN);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  });

  it('passes each image forward three times in a round of two steps', async () => {
    const {passes} = await polarized(npd({warmupRounds: 0}, 2));
    const {count} = imageSetOf(await tensorsOf('training.pt'));
    expect(passes).toEqual({forward: 2 * 3 * count, backward: 2 * 4 * count});
  });

  it('does the same in pieces', async () => {
    const change = async (chunkSize: number) => {
      const weight = floatsOf((await polarized(npd(), {chunkSize})).state, `${PLACE}.0.weight`);
      const channels = Math.sqrt(weight.length);
      return weight.map((value, i) => value - (i % (channels + 1) === 0 ? 1 : 0));
    };
    expectBelow('change', relativeL2(await change(5), await change(0)), 1e-3);
  });

  it('learns in bf16 about as in fp32', async () => {
    const lossesOf = async (options: {precision?: 'bf16'}) =>
      (await polarized(npd(), options)).reports.map(({figures}) => figures.loss ?? Number.NaN);
    const losses = await lossesOf({precision: 'bf16'});
    expectBelow('losses', relativeL2(losses, await lossesOf({})), 0.05);
  });

  it('keeps its statistics, or lets them follow the clean images', async () => {
    const options = {warmupRounds: 0, batchSize: 8};
    const [still, moved] = await Promise.all(
      [false, true].map((trainMode) =>
        polarized(npd({...options, polarizing: {...NPD.polarizing, trainMode}}, 1)),
      ),
    );
    const {count} = imageSetOf(await tensorsOf('training.pt'));
    const name = `${PLACE}.1.num_batches_tracked`;
    expect(still && integersOf(still.state, name)[0]).toBe(0);
    expect(moved && integersOf(moved.state, name)[0]).toBe(Math.ceil(count / 8));
  });

  it('leaves the reference alone, and goes where other weights are loaded', async () => {
    using session = await loadedSession(imageSetOf(await tensorsOf('training.pt')));
    const reference = bytesOf(await session.exportStateDict('reference'));
    await session.defend(npd({}, 1));
    expect(bytesOf(await session.exportStateDict('reference'))).toEqual(reference);
    const again = await errorOf(Promise.resolve(session.defend(npd({}, 1))), 'ERR_CONFIG');
    expect(again.message).toMatch(/Expected a network without a polarizer/);
    const purified = await session.exportStateDict();
    const plain = await tensorsOf('tiny_trainee.pt');
    await session.loadStateDict(plain);
    expect((await session.exportStateDict()).size).toBe(plain.size);
    await session.loadStateDict(purified, 'trainee');
    expect(bytesOf(await session.exportStateDict())).toEqual(bytesOf(purified));
  });
});
