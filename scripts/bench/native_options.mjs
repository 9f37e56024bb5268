// The package's options for a measurement: its defaults, and `precision` where it is not the default.
import {createRequire} from 'node:module';

const require = createRequire(import.meta.url);

/** A module of the built package, such as `target`. */
export function packageModule(name) {
  try {
    return require(`../../dist/lib/${name}.js`);
  } catch (cause) {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Error('Expected a built package in dist/ but found none. Run `npm run build`.', {
      cause,
    });
  }
}

const {sau: defend} = packageModule('options/defaults').DEFAULTS.defend;

const {norm, normBound, stepSize, steps, init, beta1, beta2} = defend;
export const PGD = {norm, normBound, stepSize, steps, init, beta1, beta2};

const {lambda1, lambda2, lambda3, trainMode} = defend;
export const LOSS = {lambda1, lambda2, lambda3, trainMode};

/** Images of an evaluation batch, on both sides. */
export const EVALUATION_BATCH = defend.evalBatchSize;

export function sessionOptions({device, threads, precision}, target) {
  return {device, threads, seed: 0, ...target, ...precisionOption(precision)};
}

/** Rounds over the clean images in their order, not evaluated. */
export function roundOptions({batch, cleanIndices, rounds = 1}) {
  const order = [...cleanIndices.keys()];
  return {
    rounds,
    batchSize: batch,
    outerSteps: defend.outerSteps,
    evalEvery: 0,
    evalBatchSize: EVALUATION_BATCH,
    pgd: PGD,
    loss: LOSS,
    optimizer: {
      optimizer: defend.optimizer,
      learningRate: defend.learningRate,
      weightDecay: defend.weightDecay,
      momentum: defend.momentum,
      nesterov: false,
      adamBeta1: defend.adamBetas[0],
      adamBeta2: defend.adamBetas[1],
    },
    batchOrder: Int32Array.from(Array.from({length: rounds}, () => order).flat()),
  };
}

/** The arguments of `sau-native defend` that say the same. */
export function precisionArguments(precision) {
  return precision === 'fp32' ? [] : ['--precision', precision];
}

function precisionOption(precision) {
  return precision === 'fp32' ? {} : {precision};
}
