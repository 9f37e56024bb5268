import {describe, expect, it} from 'vitest';
import {DEFENSE_NAMES, defenseOf} from '../../../lib/defenses/defenses.js';
import {parseDefendConfig} from '../../../lib/options/config.js';

const facts = {rounds: 2, cleanCount: 10, datasetName: 'cifar10'};

describe('the options of a defense go to the native core', () => {
  it('for SAU as the attack, the loss and the optimizer', async () => {
    const config = parseDefendConfig({ckpt: 'm.pt', normBound: 0.1, adamBetas: [0.8, 0.9]});
    expect(await defenseOf('sau').nativeOptions(config, facts)).toEqual({
      batchSize: 256,
      outerSteps: 1,
      pgd: {
        ...{norm: 'L_inf', normBound: 0.1, stepSize: 0.2, steps: 5, init: 'max'},
        ...{beta1: 0.01, beta2: 1},
      },
      loss: {lambda1: 1, lambda2: 0, lambda3: 1, trainMode: false},
      optimizer: {
        ...{optimizer: 'adam', learningRate: 1e-4, weightDecay: 0, momentum: 0.9, nesterov: false},
        ...{adamBeta1: 0.8, adamBeta2: 0.9},
      },
      batchOrder: new Int32Array(0),
    });
  });

  it('for fine-tuning as an ordinary training, flipped as the data set is', async () => {
    const config = parseDefendConfig({ckpt: 'm.pt', method: 'ft'});
    const options = await defenseOf('ft').nativeOptions(config, facts);
    expect(options).toEqual({
      batchSize: 256,
      optimizer: {
        ...{optimizer: 'sgd', learningRate: 0.01, weightDecay: 5e-4, momentum: 0.9},
        ...{nesterov: false, adamBeta1: 0.9, adamBeta2: 0.999},
      },
      ...{schedule: 'cosine', scheduleLength: 100, warmupShare: 0.25},
      ...{milestones: [100, 200, 300, 400], gamma: 0.1, cropPadding: 4, flip: true},
    });
    const elsewhere = await defenseOf('ft').nativeOptions(config, {...facts, datasetName: 'gtsrb'});
    expect(elsewhere).toEqual({...options, flip: false});
  });

  it('for FT-SAM as a training with a cosine of its own', async () => {
    const config = parseDefendConfig({ckpt: 'm.pt', method: 'ftsam', rho: 8, adaptiveSam: false});
    expect(await defenseOf('ftsam').nativeOptions(config, facts)).toEqual({
      batchSize: 256,
      sam: {rho: 8, adaptive: false, labelSmoothing: 0.1, alpha: 0},
      optimizer: {
        ...{optimizer: 'sgd', learningRate: 0.01, weightDecay: 5e-4, momentum: 0.9},
        ...{nesterov: false, adamBeta1: 0.9, adamBeta2: 0.999},
      },
      ...{samSchedule: 'batch', schedule: 'cosine', scheduleLength: 100, warmupShare: 0},
      ...{milestones: [], gamma: 1, cropPadding: 4, flip: true},
    });
  });

  it('for the neural polarizer as is usual on the data set, and for the norm', async () => {
    const native = async (given: object, datasetName = 'cifar10') => {
      const config = parseDefendConfig({ckpt: 'm.pt', method: 'npd', ...given});
      return defenseOf('npd').nativeOptions(config, {...facts, datasetName});
    };
    const polarizing = {
      ...{norm: 'L2', normBound: 3, stepSize: 0.1, steps: 2, enough: 0.6, signSteps: true},
      ...{cleanWeight: 1, keptWeight: 0.4, topWeight: 0.4, targetWeight: 0.4, trainMode: false},
    };
    const usual = {
      ...{batchSize: 128, warmupRounds: 5, warmupRate: 1e-4, polarizing},
      optimizer: {
        ...{optimizer: 'sgd', learningRate: 0.01, weightDecay: 5e-4, momentum: 0.9},
        ...{nesterov: false, adamBeta1: 0.9, adamBeta2: 0.999},
      },
    };
    expect(await native({})).toEqual(usual);
    expect(await native({}, 'cifar100')).toEqual({...usual, batchSize: 256});
    expect(await native({}, 'gtsrb')).toMatchObject({
      polarizing: {normBound: 5, cleanWeight: 1, keptWeight: 0.5, topWeight: 0.5},
    });
    expect(await native({}, 'tiny')).toMatchObject({
      warmupRounds: 0,
      polarizing: {
        ...{normBound: 6, signSteps: false, trainMode: true},
        ...{keptWeight: 1, topWeight: 0.1, targetWeight: 0.1},
      },
    });
    expect(await native({norm: 'L_inf'}, 'tiny')).toMatchObject({
      polarizing: {normBound: 0.2, stepSize: 0.2 * 2.2, steps: 10},
    });
    expect(await native({norm: 'L_inf', normBound: 0.1, steps: 3})).toMatchObject({
      polarizing: {normBound: 0.1, stepSize: 0.1 * 2.2, steps: 3},
    });
  });

  it('for attention distillation with as many rounds of the teacher, unless it has its own', async () => {
    const config = parseDefendConfig({ckpt: 'm.pt', method: 'nad', compat: 'reference'});
    const native = await defenseOf('nad').nativeOptions(config, {...facts, rounds: 7});
    expect(native).toMatchObject({
      ...{teacherRounds: 7, beta1: 500, beta2: 1000, power: 2, compat: 'reference'},
      ...{schedule: 'cosine', scheduleLength: 100, flip: true},
    });
    const own = parseDefendConfig({ckpt: 'm.pt', method: 'nad', teacherRounds: 3});
    expect(await defenseOf('nad').nativeOptions(own, facts)).toMatchObject({teacherRounds: 3});
  });

  it('for Neural Cleanse as the search and the unlearning, with images alike', async () => {
    const config = parseDefendConfig({ckpt: 'm.pt', method: 'nc', batchSize: 64, cropPadding: 2});
    const native = await defenseOf('nc').nativeOptions(config, facts);
    expect(native).toMatchObject({
      ...{batchSize: 64, cropPadding: 2, flip: true, compat: 'sound'},
      ...{anomaly: 2, unlearningRatio: 0.2},
      inversion: {
        ...{batchSize: 64, epochs: 80, learningRate: 0.1, initialCost: 1e-3, costMultiplier: 2},
        ...{patience: 5, success: 0.98, earlyStop: true, earlyStopThreshold: 0.99},
        ...{earlyStopPatience: 25, cropPadding: 2, flip: true, rowConstants: false},
      },
    });
    const reference = parseDefendConfig({ckpt: 'm.pt', method: 'nc', compat: 'reference'});
    expect(await defenseOf('nc').nativeOptions(reference, facts)).toMatchObject({
      ...{compat: 'reference', inversion: {rowConstants: true}},
    });
  });

  it('for i-BAU as both optimizations', async () => {
    const config = parseDefendConfig({ckpt: 'm.pt', method: 'ibau', fixedPoints: 3});
    const elsewhere = {...facts, datasetName: 'gtsrb'};
    expect(await defenseOf('ibau').nativeOptions(config, elsewhere)).toEqual({
      ...{batchSize: 256, perturbationRate: 10, portion: 0.01, cropPadding: 4, flip: false},
      hypergradient: {normWeight: 0.001, fixedPointRate: 0.1, fixedPoints: 3},
      optimizer: {
        ...{optimizer: 'adam', learningRate: 1e-4, weightDecay: 0, momentum: 0},
        ...{nesterov: false, adamBeta1: 0.9, adamBeta2: 0.999},
      },
    });
  });
});

it.each(DEFENSE_NAMES)('the CSV of %s shows no figure that its rounds do not report', (name) => {
  const {columns, figures} = defenseOf(name);
  const sources = columns.map(([, source]) => source);
  const shown = sources.filter((source) => source.startsWith('figures.'));
  const reported = figures.map((figure) => `figures.${figure.name}`);
  expect(shown.filter((source) => !reported.includes(source))).toEqual([]);
});

describe('the options of a method that chooses', () => {
  const optionsOf = async (options: Record<string, unknown>, datasetName = 'cifar10') => {
    const config = parseDefendConfig({ckpt: 'm.pt', ...options});
    const entry = defenseOf(config.method);
    const native = await entry.nativeOptions(config, {...facts, datasetName});
    return {native, selection: entry.selection?.(config)};
  };

  it.each<[Record<string, unknown>, string, number]>([
    [{method: 'clp'}, 'fixed', 0.05],
    [{method: 'bnp', select: 'clean', maxDrop: 0.1}, 'clean', 0.1],
    [{method: 'fp'}, 'clean', 0.1],
    [{method: 'fp', compat: 'reference'}, 'oracle', 0.1],
    [{method: 'fp', compat: 'reference', select: 'clean'}, 'clean', 0.1],
    [{method: 'anp'}, 'clean', 0.05],
    [{method: 'anp', threshold: 0.3}, 'fixed', 0.05],
    [{method: 'anp', select: 'oracle'}, 'oracle', 0.1],
    [{method: 'anp', compat: 'reference', threshold: 0.3}, 'oracle', 0.1],
    [{method: 'rnp'}, 'fixed', 0.05],
  ])('%j chooses by %s and lets go of %d', async (options, select, maxDrop) => {
    const {native, selection} = await optionsOf(options);
    expect(native).toMatchObject({selection: {select, maxDrop}});
    expect(selection).toBe(select);
  });

  it.each([
    ['clp', 3, 5],
    ['bnp', 3, 4],
    ['ep', 3, 4],
  ])('%s takes u %d, on Tiny ImageNet %d, or what the user says', async (method, u, tiny) => {
    expect((await optionsOf({method})).native).toMatchObject({u});
    expect((await optionsOf({method}, 'tiny')).native).toMatchObject({u: tiny});
    expect((await optionsOf({method, u: 1.5}, 'tiny')).native).toMatchObject({u: 1.5});
  });
});
