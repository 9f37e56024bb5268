// The models that the scan is calibrated and judged on. Plain data, so that docs/scan.md can say what they are.
import {ATTACK_SETTINGS} from '../bench/attack_settings.mjs';
import {ATTACK_KINDS, ATTACK_TABLE, DEMO_DEFAULTS} from '../bench/package.mjs';

const CLASSES = 10;
/** Clean models of one range of seeds: two ranges calibrate, and a third one judges. */
const CLEAN = 10;

/** Constants with which every model normalizes its images. */
export const HALF = [0.5, 0.5, 0.5];

/** The images of all models: those of the demo. */
export const IMAGES = {
  seed: 0,
  size: DEMO_DEFAULTS.size,
  trainPerClass: DEMO_DEFAULTS.trainPerClass,
  testPerClass: DEMO_DEFAULTS.testPerClass,
};

/** How all are trained, where an attack's settings say nothing else. */
export const RECIPE = {
  model: `preactresnet18_w${DEMO_DEFAULTS.width}`,
  epochs: DEMO_DEFAULTS.epochs,
  learningRate: DEMO_DEFAULTS.learningRate,
  batchSize: DEMO_DEFAULTS.trainBatchSize,
  cropPadding: 0,
  evalEvery: 0,
  saveEvery: 0,
};

/** Clean models differ in the seed of their weights and batches. */
function cleanModels(role, firstSeed) {
  return Array.from({length: CLEAN}, (_, i) => {
    const seed = firstSeed + i;
    return {name: `clean_${seed}`, role, kind: null, seed, target: null};
  });
}

/** A target for each attack, so that no class is the target of all. */
function attackedModels(role, firstSeed) {
  return ATTACK_KINDS.map((kind, i) => {
    const seed = firstSeed + i;
    return {name: `${kind}_${seed}`, role, kind, seed, target: (3 * i + 1) % CLASSES};
  });
}

/** A clean-label attack poisons images of its target alone, which limits their number. */
function poisonRateOf(kind) {
  const [mode] = ATTACK_TABLE[kind].labelModes;
  return mode === 'cleanLabel'
    ? Math.min(DEMO_DEFAULTS.poisonRate, 1 / CLASSES)
    : DEMO_DEFAULTS.poisonRate;
}

/** Options of `attack` for a model. */
export function attackOptions({kind, seed, target}) {
  return {
    ...RECIPE,
    ...{kind, seed, targetLabel: target, poisonRate: poisonRateOf(kind)},
    ...ATTACK_SETTINGS[kind].options,
  };
}

/** {name, role: 'calibration' or 'judged', kind: null where clean, seed, target} */
export const ZOO = [
  ...cleanModels('calibration', 100),
  ...cleanModels('calibration', 200),
  ...attackedModels('judged', 300),
  ...cleanModels('judged', 400),
];
