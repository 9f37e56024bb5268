/**
 * Every default of the package, once: the paper's table (specification B1.1), the attack's training
 * (B3.1) and the demo's sizes. Plain data without imports, so that `--help` can show it at once.
 */
const DATA_DEFAULTS = {
  data: null,
  dataset: 'auto',
  imageSize: null,
  mean: null,
  std: null,
  numClasses: null,
  testLimit: null,
} as const;

const RUN_DEFAULTS = {device: 'auto', threads: 0, seed: 0, precision: 'default'} as const;

export const DEFAULTS = {
  defend: {
    ...DATA_DEFAULTS,
    ...RUN_DEFAULTS,
    recordRoot: 'record',
    clean: '5pct',
    model: null,
    out: null,
    force: false,
    rounds: null,
    batchSize: 256,
    outerSteps: 1,
    trainMode: false,
    evalEvery: 1,
    evalBatchSize: 256,
    norm: 'L_inf',
    normBound: 0.2,
    stepSize: 0.2,
    steps: 5,
    init: 'max',
    beta1: 0.01,
    beta2: 1,
    lambda1: 1,
    lambda2: 0,
    lambda3: 1,
    optimizer: 'adam',
    learningRate: 1e-4,
    weightDecay: 0,
    momentum: 0.9,
    adamBetas: [0.9, 0.999],
    batchOrder: null,
    execution: 'auto',
    chunkSize: 0,
    cacheMib: 512,
  },
  attack: {
    ...DATA_DEFAULTS,
    ...RUN_DEFAULTS,
    recordRoot: 'record',
    force: false,
    targetLabel: 0,
    poisonRate: 0.1,
    poisonCount: null,
    poisonOnly: false,
    preview: false,
    resume: false,
    saveEvery: 1,
    recipe: 'reference',
    model: 'preactresnet18',
    epochs: null,
    batchSize: 128,
    learningRate: 0.01,
    momentum: 0.9,
    nesterov: false,
    weightDecay: 5e-4,
    schedule: null,
    scheduleLength: null,
    warmupShare: 0.25,
    milestones: [100, 200, 300, 400],
    gamma: 0.1,
    cropPadding: 4,
    flip: null,
    evalEvery: 1,
    evalBatchSize: 128,
  },
  evaluate: {
    ...DATA_DEFAULTS,
    device: RUN_DEFAULTS.device,
    threads: RUN_DEFAULTS.threads,
    precision: RUN_DEFAULTS.precision,
    recordRoot: 'record',
    against: null,
    poisoned: null,
    model: null,
    batchSize: 256,
  },
} as const;

/**
 * How the victim is trained: a layer over the defaults of all attacks and of the one that is simulated, under
 * what the user gives. reference: specification B3.1, as it is in the defaults. fast: the same ACC and ASR in
 * fewer epochs.
 */
export const RECIPES = {
  reference: {},
  fast: {
    epochs: 20,
    batchSize: 256,
    learningRate: 0.2,
    nesterov: true,
    schedule: 'oneCycle',
    precision: 'auto',
  },
} as const;

/** Sizes of the demo: small enough for two CPU cores, large enough for a clear before and after. */
export const DEMO_DEFAULTS = {
  ...RUN_DEFAULTS,
  out: 'sau_demo',
  force: false,
  trainPerClass: 200,
  testPerClass: 50,
  size: 32,
  width: 8,
  epochs: 8,
  trainBatchSize: 32,
  learningRate: 0.05,
  poisonRate: 0.3,
  clean: '25pct',
  rounds: 15,
  batchSize: 32,
  defenseLearningRate: 1e-3,
} as const;

/** `setup` takes what suits the machine, from where it is usually had. */
export const SETUP_DEFAULTS = {
  variant: 'auto',
  from: null,
  sha256: null,
} as const;

/** Constants of the generators that some attacks' triggers come from (specification B4.4 to B4.7). */
export const GENERATOR_DEFAULTS = {
  /** Feeds plain pixels, bug-compatible; `normalize` feeds what the model was trained on. */
  lfPattern: {
    images: 100,
    evaluationImages: 1000,
    passes: 50,
    peak: 0.2,
    searchSteps: 200,
    overshoot: 0.02,
    enough: 0.2,
    settled: 0.01,
    normalize: false,
  },
  lcImages: {normalize: false},
  ssbaImages: {
    accuracyGoal: 0.9,
    imageWeight: 10,
  },
  trojanTrigger: {target: 100, stepSize: 0.1, bound: 0.3, stopBelow: 1e-3},
} as const;
