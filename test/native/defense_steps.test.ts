import {beforeAll, describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import type {
  NativeHypergradientOptions,
  NativeOptimizerOptions,
  NativeSamOptions,
} from '../../lib/native/run_contract.js';
import {tNet, w4} from '../support/golden_nets.js';
import {
  elementsOf,
  expectGolden,
  normOf,
  parameterNormOf,
  stepInput,
} from '../support/golden_steps.js';

let core: NativeCore;
beforeAll(async () => {
  ({core} = await loadCore());
});

const SGD: NativeOptimizerOptions = {
  ...{optimizer: 'sgd', learningRate: 0.01, weightDecay: 5e-4, momentum: 0.9},
  ...{nesterov: false, adamBeta1: 0.9, adamBeta2: 0.999},
};
const ADAM: NativeOptimizerOptions = {
  ...SGD,
  ...{optimizer: 'adam', learningRate: 1e-4, weightDecay: 0},
};

describe('a step of FT-SAM on the golden nets', () => {
  const SAM: NativeSamOptions = {rho: 2, adaptive: true, labelSmoothing: 0.1, alpha: 0};
  const step = (net: typeof tNet, sam: Partial<NativeSamOptions> = {}) =>
    core.functional.defenses.samStep({
      ...stepInput(net(core)),
      ...{optimizer: SGD, sam: {...SAM, ...sam}},
    });

  it('has the losses, the gradient and the weights of the reference', () => {
    const {figures, gradient, weights} = step(tNet);
    const {loss, perturbedLoss, norm} = figures;
    expectGolden(
      'figures',
      [loss ?? 0, perturbedLoss ?? 0, norm ?? 0],
      [2.545168, 7.432833, 1.553615],
    );
    expectGolden('gradient', [normOf(gradient)], [4.97105]);
    expectGolden('weights', [parameterNormOf(weights)], [9.864227]);
    const conv1 = elementsOf(weights, 'conv1.weight').slice(0, 3);
    expectGolden('conv1', conv1, [0.342208, 0.3957143, 0.3962748]);
  });

  it('moves the running statistics as one pass does', () => {
    const {weights} = step(tNet);
    const mean = elementsOf(weights, 'bn1.running_mean');
    expectGolden('mean', mean, [0.1179186, -0.04354993, -0.2018105, -0.09520743]);
    const variance = elementsOf(weights, 'bn1.running_var');
    expectGolden('variance', variance, [0.6129616, 0.5020429, 0.5131363, 0.6403331]);
  });

  it('goes along the gradient where it is not adaptive', () => {
    const {perturbedLoss} = step(tNet, {adaptive: false, rho: 0.1}).figures;
    expectGolden('perturbed loss', [perturbedLoss ?? 0], [2.807713]);
  });

  it('is one of fine-tuning where nothing is perturbed or smoothed', () => {
    const {figures, gradient, weights} = step(tNet, {rho: 0, labelSmoothing: 0});
    expectGolden('losses', [figures.loss ?? 0, figures.perturbedLoss ?? 0], [2.995897, 2.995897]);
    expectGolden('gradient', [normOf(gradient)], [2.673105]);
    expectGolden('weights', [parameterNormOf(weights)], [9.868021]);
  });

  it('takes away alpha times the part of the first gradient that the second does not have', () => {
    const flat = (sam: Partial<NativeSamOptions>) => {
      const {gradient} = step(tNet, sam);
      return gradient.flatMap(({name}) => [...elementsOf(gradient, name)]);
    };
    const product = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
    const first = flat({rho: 0});
    const second = flat({});
    const share = product(first, second) / product(second, second);
    const expected = second.map((g, i) => g - 0.5 * ((first[i] ?? 0) - share * g));
    expectGolden('gradient', flat({alpha: 0.5}), expected);
  });

  it('has the golden losses on a preactresnet18 of 4 base channels', () => {
    const {loss, perturbedLoss, norm} = step(w4).figures;
    expectGolden(
      'figures',
      [loss ?? 0, norm ?? 0, perturbedLoss ?? 0],
      [1.544745, 3.498096, 2.718377],
    );
  });
});

describe('i-BAU on the golden nets', () => {
  const OPTIONS: NativeHypergradientOptions = {
    normWeight: 0.001,
    fixedPointRate: 0.1,
    fixedPoints: 5,
  };
  const PATCHED = Int32Array.of(0, 1, 0, 0, 1, 0, 0, 0);
  const waveOf = (side: number) =>
    Float32Array.from({length: 3 * side * side}, (_, i) => 0.3 * Math.sin(0.5 * i + 30));
  const step = (
    net: typeof tNet,
    {
      chunk = 8,
      memoryBytes = 1e9,
      ...options
    }: Partial<NativeHypergradientOptions> & {
      chunk?: number;
      memoryBytes?: number;
    } = {},
  ) => {
    const input = stepInput(net(core));
    return core.functional.defenses.hypergradientStep({
      ...input,
      ...{patched: PATCHED, perturbation: waveOf(input.height)},
      ...{optimizer: ADAM, hypergradient: {...OPTIONS, ...options}, chunk, memoryBytes},
    });
  };
  const objective = (labels: Int32Array, perturbation: Float32Array, chunk = 8) =>
    core.functional.defenses.universalObjective({
      ...stepInput(tNet(core)),
      ...{labels, optimizer: ADAM, perturbation, normWeight: 0.001, chunk},
    });

  it('finds the universal perturbation along the gradient', () => {
    const predicted = Int32Array.of(0, 0, 2, 3, 0, 0, 2, 3);
    let w = new Float32Array(3 * 8 * 8);
    const values: number[] = [];
    for (let i = 0; i < 2; i++) {
      const {value, gradient} = objective(predicted, w, 3);
      values.push(value);
      w = w.map((x, k) => x - 10 * (gradient[k] ?? 0));
    }
    expectGolden('objectives', values, [-0.6640519, -4.977196]);
    expectGolden('norm', [Math.hypot(...w)], [19.97905]);
    expectGolden('w', w.slice(0, 3), [-0.1973326, -0.4585287, -0.9830759]);
    expectGolden(
      'another',
      [objective(stepInput(tNet(core)).labels, waveOf(8)).value],
      [-3.261673],
    );
  });

  it.each([
    ['in one pass', {}],
    ['in pieces', {chunk: 3}],
    ['in pieces whose graphs are not kept', {chunk: 3, memoryBytes: 0}],
  ])('has the implicit gradient of the reference, %s', (_, cost) => {
    const {figures, gradient, weights} = step(tNet, cost);
    const {outerLoss = 0, ...norms} = figures;
    expectGolden('outer loss', [outerLoss], [3.191205]);
    const golden = [0.6691296, 1.392336, 2.175707, 3.026016, 3.9508];
    expectGolden('vectors', Object.values(norms), golden);
    expectGolden('gradient', [normOf(gradient)], [12.40259]);
    const conv1 = elementsOf(gradient, 'conv1.weight').slice(0, 3);
    expectGolden('conv1', conv1, [2.121913, 2.642427, 2.176654]);
    const bias = elementsOf(gradient, 'linear.bias');
    expectGolden('bias', bias, [0.2908556, -0.2466429, 0.05793393, -0.1021466]);
    expectGolden('weights', [parameterNormOf(weights)], [9.872177]);
    const names = gradient.map(({name}) => name);
    const explicit = step(tNet, {...cost, fixedPoints: 0}).gradient;
    const implicit = names.flatMap((name) => {
      const without = elementsOf(explicit, name);
      return [...elementsOf(gradient, name)].map((value, i) => value - (without[i] ?? 0));
    });
    expectGolden('implicit part', [Math.hypot(...implicit)], [2.443433]);
  });

  it('leaves the running statistics alone', () => {
    const {weights} = step(tNet);
    const names = ['bn1.running_mean', 'bn2.running_var'];
    for (const name of names) {
      expect(elementsOf(weights, name)).toEqual(elementsOf(tNet(core).tensors, name));
    }
  });

  it('has the golden figures on a preactresnet18 of 4 base channels', () => {
    const {figures, gradient} = step(w4);
    expectGolden('outer loss', [figures.outerLoss ?? 0], [5.436075]);
    expectGolden('vector', [figures.norm5 ?? 0], [10.45125]);
    expectGolden('gradient', [normOf(gradient)], [68.53842]);
  });
});

describe('attention distillation on the golden nets', () => {
  const step = (net: typeof tNet) => {
    const input = stepInput(net(core));
    let parameter = 0;
    const teacher = input.tensors.map((tensor, position) => {
      if (/running_|num_batches/.test(tensor.name)) return tensor;
      // The small net's parameters are counted, the other's tensors.
      const k = 'nodes' in input ? parameter++ : position;
      const wave = (value: number, i: number) => value * (1 + 0.1 * Math.sin(1.3 * i + k));
      const values = elementsOf(input.tensors, tensor.name).map(wave);
      return {...tensor, data: new Uint8Array(values.buffer)};
    });
    return core.functional.defenses.distillationStep({
      ...{...input, teacher, optimizer: SGD, beta1: 500, beta2: 1000, power: 2},
    });
  };

  it('has the distances, the loss and the gradient of the reference', () => {
    const {figures, gradient} = step(tNet);
    const {loss = 0, distance1 = 0, distance2 = 0} = figures;
    expectGolden('distances', [distance1, distance2], [1.309339e-3, 5.704878e-3]);
    expectGolden('loss and gradient', [loss, normOf(gradient)], [9.355445, 23.16195]);
    const conv1 = elementsOf(gradient, 'conv1.weight').slice(0, 3);
    expectGolden('conv1', conv1, [0.8546779, -0.8407503, -1.143668]);
  });

  it('has them at the ends of layer3 and layer4 of a preactresnet18', () => {
    const {figures, gradient} = step(w4);
    const {loss = 0, distance1 = 0, distance2 = 0} = figures;
    expectGolden('distances', [distance1, distance2], [0.03191952, 0.03813798]);
    expectGolden('loss and gradient', [loss, normOf(gradient)], [56.09666, 537.0041]);
  });
});
