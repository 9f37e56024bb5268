import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {beforeAll, describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import type {NativeMethod} from '../../lib/native/run_contract.js';
import {expectBelow, relativeL2} from '../support/closeness.js';
import {formulaImages, formulaWeights, uniform} from '../support/formula.js';
import {column, defended, type GoldenNet, rowsOf, type Told} from '../support/golden_nets.js';
import {ORACLE_EPOCHS} from '../support/oracle.js';
import {ROOT} from '../support/paths.js';

const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
const SCRIPT = join(ROOT, 'scripts/oracle/pruning_steps.py');
const MINUTES = 60_000;
const CLASSES = 10;
const SIDE = 32;
/** First position of the formula's numbers that are the noise. */
const NOISE = 2000;
/** By how much the formula enlarges the weights of a family. */
const GAINS = {resnet18_w8: 3, vgg11_bn_w8: 5} as const;

type ByLayer = Readonly<Record<string, readonly number[]>>;

/** What scripts/oracle/pruning_steps.py prints. */
interface Oracle {
  readonly count: number;
  readonly clp: ByLayer;
  readonly bnp: ByLayer;
  readonly ep: ByLayer;
  readonly fp: readonly number[];
  readonly anp: {readonly losses: readonly number[]; readonly masks: readonly number[]};
  readonly rnp: {readonly losses: readonly number[]; readonly masks: readonly number[]};
}

const FIXED = {select: 'fixed', maxDrop: 0.05} as const;
const OUTLIERS = {u: 3, pruneBias: true, selection: FIXED};
const SGD = {...ORACLE_EPOCHS.optimizer, momentum: 0.9, weightDecay: 0};
const LADDER = {by: 'threshold', most: 0.9, step: 0.05, threshold: 0.1} as const;

let core: NativeCore;

/** Our net at the formula's weights, with the oracle's images. */
function netOf(model: keyof typeof GAINS): GoldenNet {
  const layers = core.describeModel(model, CLASSES).layers;
  return {
    network: {model, numClasses: CLASSES},
    tensors: formulaWeights(layers, GAINS[model]),
    images: (count) => ({
      images: formulaImages(count, SIDE),
      labels: Int32Array.from({length: count}, (_, i) => i % CLASSES),
      ...{count, height: SIDE, width: SIDE},
    }),
  };
}

describe.skipIf(PYTHON === '').each(['resnet18_w8', 'vgg11_bn_w8'] as const)(
  'pruning beside PyTorch (SAU_TEST_PYTHON): %s',
  (model) => {
    /** Dropout draws other numbers here than there. */
    const draws = model === 'vgg11_bn_w8';
    let oracle: Oracle;
    let net: GoldenNet;
    beforeAll(async () => {
      ({core} = await loadCore());
      net = netOf(model);
      const env = {...process.env, OMP_NUM_THREADS: '1'};
      const options = {env, maxBuffer: 1 << 26};
      oracle = JSON.parse((await promisify(execFile)(PYTHON, [SCRIPT, model], options)).stdout);
    }, 10 * MINUTES);

    const scoresOf = (method: NativeMethod): number[] => {
      const images = net.images(oracle.count);
      const sets = {cleanSubset: images, train: images};
      return column(defended(core, net, method, {sets}), 'scores', 'score');
    };

    it.each(['clp', 'bnp'] as const)('%s scores every channel as there', (method) => {
      const scores = scoresOf({method, options: OUTLIERS});
      const expected = Object.values(oracle[method]).flat();
      expectBelow('scores', relativeL2(scores, expected), 1e-4);
    });

    it('ep gives nearly every channel the same entropy: a value at the edge of a bin may change it', () => {
      const options = {...OUTLIERS, binWidth: 0.1, cropPadding: 0, flip: false};
      const scores = scoresOf({method: 'ep', options});
      const expected = Object.values(oracle.ep).flat();
      const apart = scores.filter((score, i) => Math.abs(score - (expected[i] ?? 0)) > 1e-6);
      expect(scores).toHaveLength(expected.length);
      expectBelow('share of other entropies', apart.length / scores.length, 0.02);
    });

    it('fp ranks the features by the same means', () => {
      const selection = {select: 'oracle', maxDrop: 0.5} as const;
      const options = {...ORACLE_EPOCHS, compat: 'sound', pruneStep: 1, selection} as const;
      const images = net.images(oracle.count);
      const sets = {cleanSubset: images, cleanTest: images};
      const told = defended(core, net, {method: 'fp', options}, {sets});
      expectBelow('means', relativeL2(column(told, 'scores', 'score'), oracle.fp), 1e-5);
    });

    it.skipIf(draws)('anp takes the same step', () => {
      const channels = oracle.anp.masks.length;
      const startNoise = Array.from(
        {length: 2 * channels},
        (_, i) => 0.4 * (2 * uniform(NOISE, i) - 1),
      );
      const told = defended(
        core,
        net,
        {
          method: 'anp',
          options: {
            ...{compat: 'sound', batchSize: oracle.count, iterations: 1, reportEvery: 1},
            ...{noiseBound: 0.4, noiseSteps: 1, cleanShare: 0.2, cropPadding: 0, flip: false},
            optimizer: {...SGD, learningRate: 0.2},
            ...{ladder: LADDER, selection: FIXED, startNoise},
            batchOrder: Int32Array.from({length: oracle.count}, (_, i) => i),
          },
        },
        {sets: {cleanSubset: net.images(oracle.count)}},
      );
      const {noiseLoss, robustLoss, naturalLoss} = rowsOf(told, 'learning')[0]?.cells ?? {};
      const losses = [noiseLoss, robustLoss, naturalLoss].map(Number);
      expectBelow('losses', relativeL2(losses, oracle.anp.losses), 1e-3);
      expectMasks(told, oracle.anp.masks);
    });

    it.skipIf(draws)('rnp takes the same two steps', () => {
      const told = defended(
        core,
        net,
        {
          method: 'rnp',
          options: {
            unlearning: {
              ...{...ORACLE_EPOCHS, batchSize: oracle.count, schedule: 'constant'},
              optimizer: {...SGD, learningRate: 0.01, weightDecay: 5e-4},
            },
            ...{unlearningRounds: 1, unlearnedAccuracy: 0, recoveringRounds: 1},
            recoveringShare: 0.2,
            recovering: {...SGD, learningRate: 0.2},
            ...{ladder: LADDER, selection: FIXED},
          },
        },
        {sets: {cleanSubset: net.images(oracle.count)}},
      );
      const losses = [...column(told, 'unlearning', 'loss'), ...column(told, 'recovering', 'loss')];
      expectBelow('losses', relativeL2(losses, oracle.rnp.losses), 1e-3);
      expectMasks(told, oracle.rnp.masks);
    });

    /** How far the masks have moved is compared, and not the 1 that they began with. */
    function expectMasks(told: Told, expected: readonly number[]): void {
      const order = Object.keys(oracle.clp);
      const found = order.flatMap((layer) =>
        rowsOf(told, 'masks')
          .filter(({cells}) => cells.layer === layer)
          .sort((a, b) => Number(a.cells.channel) - Number(b.cells.channel))
          .map(({cells}) => 1 - Number(cells.mask)),
      );
      const moved = expected.map((mask) => 1 - mask);
      expect(Math.max(...moved)).toBeGreaterThan(1e-3);
      expectBelow('masks', relativeL2(found, moved), 2e-2);
    }
  },
);
