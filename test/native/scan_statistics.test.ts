import {beforeAll, describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeScanOptions} from '../../lib/native/scan_contract.js';
import {type GoldenNet, tNet} from '../support/golden_nets.js';
import {expectGolden} from '../support/golden_steps.js';
import {PGD} from '../support/sessions.js';

let core: NativeCore;
let net: GoldenNet;
beforeAll(async () => {
  ({core} = await loadCore());
  net = tNet(core);
});

function world() {
  const {network, tensors} = net;
  const sets = {cleanSubset: net.images(8)};
  return {...network, tensors, sets, mean: [0, 0, 0], std: [1, 1, 1], seed: 0};
}

function statistic(scan: NativeScanOptions) {
  return core.functional.scan.statistic({...world(), scan});
}

const column = (found: ReturnType<typeof statistic>, name: string): number[] =>
  found.classes.map((figures) => figures[name] ?? Number.NaN);

const MARGIN = {starts: 5, iterations: 4, stepSize: 0.01, tolerance: 1e-5, height: 8, width: 8};
const INVERSION = {
  ...{batchSize: 8, epochs: 6, learningRate: 0.1, initialCost: 1e-3, costMultiplier: 2},
  ...{patience: 5, success: 0.5, earlyStop: true, earlyStopThreshold: 0.99},
  ...{earlyStopPatience: 25, cropPadding: 0, flip: false, rowConstants: false},
};

describe('shared adversarial labels of the golden net', () => {
  it('have the golden rates', () => {
    const options = {pgd: {...PGD, normBound: 0.2, stepSize: 0.2, steps: 5}};
    const found = statistic({statistic: 'shared', options});
    expect(column(found, 'led')).toEqual([3, 0, 1, 3]);
    expectGolden('rates', column(found, 'rate'), [3 / 4, 0, 1 / 6, 3 / 6]);
    // 8 images, each in both roles: the clean pass, at most 5 steps and the last pass.
    expect(found.passes.forward).toBeLessThanOrEqual(8 * 12);
    expect(found.passes.backward).toBeGreaterThan(0);
  });
});

describe('the universal perturbation of the golden net', () => {
  const options = {bound: 0.2, stepSize: 0.1, steps: 2};

  it.each([
    [0, [1.089969, 0.391029, 0.084046], 1],
    [1, [6.142949, 4.772284, 4.078782], 0],
    [2, [1.498598, 0.52173, 0.199149], 1],
    [3, [2.211676, 1.020273, 0.365302], 5 / 6],
  ])('has the golden losses and rate towards class %i', (label, losses, rate) => {
    const found = core.functional.scan.universalSearch({...world(), label, options});
    expectGolden('losses', [...found.losses, found.lossAfter], losses);
    expect(found.rateAfter).toBeCloseTo(rate, 12);
  });

  it('is measured on images that it was not made from', () => {
    const found = statistic({statistic: 'universal', options});
    for (const {rate = 0, before = 0, after = 0} of found.classes) {
      expect(rate).toBeCloseTo(after - before, 12);
    }
    expect(found.classes).toHaveLength(4);
  });
});

describe('the smallest changes of inner values of the golden net', () => {
  const found = () => statistic({statistic: 'latent', options: {steps: 15}});

  // Computed by PyTorch in float64. Half of the work is done by the first convolution, and all by the second one.
  it('have the golden sizes, none where no change leads to the class', () => {
    const golden: [number, number, number, number][] = [
      [0, 0.06406793, 0.09486057, 0.07795846],
      [2, 0.1217459, 0.102953, 0.1119558],
      [3, 0.1391297, 0.1480103, 0.1435013],
    ];
    const {classes} = found();
    for (const [label, half, end, size] of golden) {
      const {sizeAtHalf = 0, sizeAtEnd = 0, size: mean = 0} = classes[label] ?? {};
      expectGolden(`class ${label}`, [sizeAtHalf, sizeAtEnd, mean], [half, end, size]);
    }
    expect(classes[1]).toEqual({sizeAtHalf: Number.NaN, sizeAtEnd: Number.NaN, size: Number.NaN});
  });

  it('look at each image once, and then at those of other classes from the place on', () => {
    const {passes} = found();
    // Six images of other classes: at no change, and after each step until the class is reached.
    const looks = [5, 6, 16, 16, 6, 6, 7, 7].reduce((sum, count) => sum + count, 0);
    expect(passes).toEqual({forward: 8 + 6 * looks, backward: 6 * looks});
  });

  it('are sought in no more steps than are allowed', () => {
    const few = statistic({statistic: 'latent', options: {steps: 4}});
    expect(few.classes[0]?.sizeAtHalf).toBeCloseTo(0.06406793, 5);
    expect(few.classes[0]?.sizeAtEnd).toBeNaN();
  });
});

describe('the largest margins of the golden net', () => {
  const starts = Float32Array.from({length: 5 * 192}, (_, at) => {
    const [r, i] = [Math.floor(at / 192), at % 192];
    return 0.5 + 0.5 * Math.sin((0.31 + 0.07 * r) * i + 0.9);
  });

  it.each([
    [0, [5.764915, 5.294616, 4.818319, 4.460675], 0.8807213],
    [1, [24.6716, 23.59351, 22.67373, 22.00172], -2.479485],
  ])('have the golden losses for class %i', (label, losses, margin) => {
    const found = core.functional.scan.marginSearch({...world(), label, starts, options: MARGIN});
    expectGolden('losses', found.losses, losses);
    expectGolden('margin', [found.margin], [margin]);
  });

  it('end where the loss has settled', () => {
    const options = {...MARGIN, iterations: 50, tolerance: 0.2};
    const found = core.functional.scan.marginSearch({...world(), label: 0, starts, options});
    expect(found.losses.length).toBeLessThan(4);
  });

  it('start at images of the seed, each of which goes forward and backward in every iteration', () => {
    const options = {...MARGIN, iterations: 20, tolerance: 0};
    const found = statistic({statistic: 'mmbd', options});
    expect(found.classes).toHaveLength(4);
    expect(found.passes).toEqual({forward: 4 * 20 * 5, backward: 4 * 20 * 5});
    expect(statistic({statistic: 'mmbd', options})).toEqual(found);
    const other = core.functional.scan.statistic({
      ...{...world(), seed: 1},
      scan: {statistic: 'mmbd', options},
    });
    expect(column(other, 'margin')).not.toEqual(column(found, 'margin'));
  });
});

describe('the smallest triggers of the golden net', () => {
  it('come with a picture for each class', () => {
    const found = statistic({statistic: 'nc', options: INVERSION});
    expect(column(found, 'epochs')).toEqual([6, 6, 6, 6]);
    for (const norm of column(found, 'norm')) {
      expect(norm).toBeGreaterThan(0);
      expect(norm).toBeLessThan(64);
    }
    expect(found.pictures.map(({name}) => name)).toEqual(['0', '1', '2', '3']);
    for (const {planes, height, width} of found.pictures) {
      expect([height, width, planes.length]).toEqual([8, 8, 192]);
    }
  });

  it('are the same for the same seed and others for another one', () => {
    const at = (seed: number) =>
      core.functional.scan.statistic({
        ...{...world(), seed},
        scan: {statistic: 'nc', options: {...INVERSION, batchSize: 3, cropPadding: 2}},
      }).classes;
    expect(at(1)).toEqual(at(1));
    expect(at(2)).not.toEqual(at(1));
  });
});
