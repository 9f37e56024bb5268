import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {NativeEpochOptions} from '../../lib/native/run_contract.js';
import {expectBelow, relativeL2} from '../support/closeness.js';
import {DefenseOracle} from '../support/defense_steps.js';
import {ORACLE_EPOCHS} from '../support/oracle.js';

const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
const MINUTES = 60_000;
const IMAGES = 16;

const METHODS = {
  ftsam: {
    ...{rounds: 2, learning_rate: 1e-3, schedule_length: 4, rho: 0.1, smoothing: 0.1},
  },
  ibau: {
    ...{rounds: 2, learning_rate: 1e-4, perturbation_rate: 10, norm_weight: 0.001},
    ...{fixed_point_rate: 0.1, fixed_points: 4},
  },
};
/** Dropout and stochastic depth draw by an image's place in the batch, and our batches are in another order. */
const DRAWS = /^(vgg|mobilenet|efficientnet|convnext)/;
/** The ends of the last two stages with maps of more than one pixel, in torchvision's networks. */
const SITES: Readonly<Record<string, readonly string[]>> = {
  resnet18_w16: ['layer2', 'layer3'],
};
const NAD = {rounds: 2, teacher_rounds: 2, learning_rate: 1e-3, schedule_length: 4};
/** The first convolution of the last block. */
const PLACES: Readonly<Record<string, string>> = {
  resnet18_w16: 'layer4.1.conv1',
  vgg11_bn_w8: 'features.25',
  mobilenet_v3_large_w8: 'features.16.0',
  densenet121_w8: 'features.denseblock4.denselayer1.conv1',
  efficientnet_b0_w16: 'features.8.0',
  convnext_tiny_w16: 'features.7.2.block.0',
};
const NPD = {
  ...{
    rounds: 2,
    learning_rate: 1e-2,
    warmup_rounds: 2,
    warmup_rate: 1e-3,
    weights: [1, 0.4, 0.3, 0.2],
  },
  ...{norm: 'L2', bound: 0.5, step_size: 0.02, steps: 2, enough: 0.6},
  ...{sign_steps: true, train_mode: false},
};
/** As on Tiny ImageNet. */
const NPD_TRAINS = {...NPD, step_size: 5, sign_steps: false, train_mode: true, warmup_rounds: 0};
/** One epoch, so that the mask of it is kept whatever it comes to. */
const NC = {classes: 10, epochs: 1, mask_rate: 0.1, cost: 1e-3};
const RUN = {evalEvery: 0, evalBatchSize: IMAGES};
const EPOCHS: NativeEpochOptions = {
  ...ORACLE_EPOCHS,
  batchSize: IMAGES,
  optimizer: {...ORACLE_EPOCHS.optimizer, learningRate: 1e-3, weightDecay: 5e-4, momentum: 0.9},
};

describe
  .skipIf(PYTHON === '')
  .each([
    ...['resnet18_w16', 'vgg11_bn_w8', 'mobilenet_v3_large_w8'],
    ...['densenet121_w8', 'efficientnet_b0_w16', 'convnext_tiny_w16', 'vit_b_32_w64'],
  ])('%s is purified as in plain PyTorch (SAU_TEST_PYTHON)', (model) => {
  let folder: string;
  let oracle: DefenseOracle;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sau-defense-steps-'));
    const sites = SITES[model];
    const nad = sites === undefined ? {} : {nad: {...NAD, betas: [500, 1000], sites}};
    const place = PLACES[model];
    const npd =
      place === undefined ? {} : {npd: {...NPD, place}, npd_trains: {...NPD_TRAINS, place}};
    const methods = {...METHODS, nc: NC, ...nad, ...npd};
    const request = {model, images: IMAGES, draw: 0, methods};
    oracle = await DefenseOracle.make(PYTHON, folder, request);
  }, 10 * MINUTES);
  afterAll(() => rmSync(folder, {recursive: true, force: true}));

  it.skipIf(DRAWS.test(model))('by sharpness-aware fine-tuning', async () => {
    const {rounds, rho, smoothing, schedule_length: scheduleLength} = METHODS.ftsam;
    const {error, yardstick, reports} = await oracle.run({
      ...{...RUN, method: 'ftsam', rounds},
      options: {
        ...{...EPOCHS, scheduleLength, samSchedule: 'batch'},
        sam: {rho, adaptive: true, labelSmoothing: smoothing, alpha: 0},
      },
    });
    expectBelow('update', error, 1e-3 + 10 * yardstick);
    const losses = reports.map(({figures}) => figures.perturbedLoss ?? Number.NaN);
    expectBelow('losses', relativeL2(losses, oracle.figuresOf('ftsam')), 1e-4);
    expect(losses).toHaveLength(rounds);
  });

  it('by unlearning a universal perturbation', async () => {
    const {rounds, learning_rate: learningRate, ...own} = METHODS.ibau;
    const {error, yardstick, reports} = await oracle.run({
      ...{...RUN, method: 'ibau', rounds},
      options: {
        ...{batchSize: IMAGES, portion: 1, cropPadding: 0, flip: false},
        perturbationRate: own.perturbation_rate,
        hypergradient: {
          normWeight: own.norm_weight,
          fixedPointRate: own.fixed_point_rate,
          fixedPoints: own.fixed_points,
        },
        optimizer: {...EPOCHS.optimizer, optimizer: 'adam', learningRate, weightDecay: 0},
      },
    });
    // Adam's first steps are as long for a gradient that is all rounding as for any other, and Winograd's method rounds
    // otherwise than PyTorch: few weights make all of this.
    expectBelow('update', error, 2e-2 + 10 * yardstick);
    const losses = reports.map(({figures}) => figures.loss ?? Number.NaN);
    expectBelow('losses', relativeL2(losses, oracle.figuresOf('ibau')), 1e-4);
  });

  it.skipIf(SITES[model] === undefined)('by the attention of a teacher', async () => {
    const {error, yardstick, reports} = await oracle.run({
      ...{...RUN, method: 'nad', rounds: NAD.rounds},
      options: {
        ...{...EPOCHS, scheduleLength: NAD.schedule_length, compat: 'sound'},
        ...{teacherRounds: NAD.teacher_rounds, beta1: 500, beta2: 1000, power: 2},
      },
    });
    expectBelow('update', error, 1e-3 + 10 * yardstick);
    const losses = reports.map(({figures}) => figures.attentionLoss ?? Number.NaN);
    expectBelow('losses', relativeL2(losses, oracle.figuresOf('nad')), 1e-3);
  });

  it.skipIf(PLACES[model] === undefined).each([
    ['npd', NPD],
    ['npd_trains', NPD_TRAINS],
  ] as const)('by a polarizer: %s', async (name, options) => {
    const {learning_rate: learningRate, weights, ...own} = options;
    const [cleanWeight, keptWeight, topWeight, targetWeight] = weights as [
      number,
      number,
      number,
      number,
    ];
    const job = {
      ...{...RUN, method: 'npd' as const, rounds: own.rounds},
      options: {
        ...{batchSize: IMAGES, warmupRounds: own.warmup_rounds, warmupRate: own.warmup_rate},
        optimizer: {...EPOCHS.optimizer, learningRate},
        polarizing: {
          ...{norm: 'L2' as const, normBound: own.bound, stepSize: own.step_size},
          ...{steps: own.steps, enough: own.enough, signSteps: own.sign_steps},
          ...{cleanWeight, keptWeight, topWeight, targetWeight, trainMode: own.train_mode},
        },
      },
    };
    const {error, yardstick, reports} = await oracle.run(job, name);
    expectBelow('update', error, 1e-3 + 10 * yardstick);
    const losses = reports.map(({figures}) => figures.loss ?? Number.NaN);
    // A pixel whose gradient is all rounding takes its step up on one side and down on the other.
    expectBelow('losses', relativeL2(losses, oracle.figuresOf(name)), 1e-3);
  });

  it('and the masks of Neural Cleanse have the same norms', async () => {
    const {rows} = await oracle.run({
      ...{...RUN, method: 'nc', rounds: 1},
      options: {
        ...{...EPOCHS, compat: 'sound', anomaly: 1e6, unlearningRatio: 0.2},
        inversion: {
          ...{batchSize: IMAGES, epochs: NC.epochs, learningRate: NC.mask_rate},
          ...{initialCost: NC.cost, costMultiplier: 2, patience: 5, success: 0.98},
          ...{earlyStop: true, earlyStopThreshold: 0.99, earlyStopPatience: 25},
          ...{cropPadding: 0, flip: false, rowConstants: false},
        },
      },
    });
    const norms = rows.flatMap(({table, cells}) => (table === 'triggers' ? [cells.norm] : []));
    expectBelow('norms', relativeL2(norms.map(Number), oracle.figuresOf('nc')), 1e-4);
  });
});
