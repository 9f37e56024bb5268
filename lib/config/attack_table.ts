import type {AttackEntry, ValueOf} from './attack_entry.js';

const CLEAN_MODEL = {
  type: 'file',
  help: 'checkpoint of a clean model of the same architecture; without it one is trained first',
  default: null,
} as const;

const ROTATION = {
  type: 'number',
  help: 'most degrees of the random rotation of a training batch; 0: none',
  least: 0,
  most: 180,
  default: 10,
} as const;

/**
 * Every attack that can be simulated (specification B4) with the options that it alone has and their
 * defaults. Plain data: flags, help, checks, types and docs are made from it. What an attack does is in
 * lib/attacks.
 */
export const ATTACK_TABLE = {
  badnet: {
    summary: 'BadNets: a small fixed patch replaces the pixels of a corner',
    poisons: 'data',
    labelModes: ['all2one', 'all2all'],
    options: {
      patch: {
        type: 'choice',
        help: 'patch in the bottom right corner, or a picture whose black parts are transparent',
        choices: ['white', 'checkerboard'],
        orFile: true,
        default: 'white',
      },
    },
  },
  blended: {
    summary: 'Blended: a picture over the whole image, mixed in',
    poisons: 'data',
    labelModes: ['all2one', 'all2all'],
    options: {
      pattern: {
        type: 'choice',
        help: 'picture to mix in, the built-in one or your own, resized to the images',
        choices: ['plaid'],
        orFile: true,
        default: 'plaid',
      },
      trainAlpha: {
        type: 'number',
        help: "weight of the picture in training; the rest is the image's",
        least: 0,
        most: 1,
        default: 0.2,
      },
      testAlpha: {
        type: 'number',
        help: 'weight of the picture in the test',
        least: 0,
        most: 1,
        default: 0.2,
      },
    },
  },
  sig: {
    summary: 'SIG: a horizontal sine wave on images of the target class',
    poisons: 'data',
    labelModes: ['cleanLabel'],
    options: {
      delta: {
        type: 'number',
        help: 'height of the wave in grey levels',
        least: 0,
        most: 255,
        default: 40,
      },
      frequency: {
        type: 'number',
        help: 'waves across the image',
        least: 0,
        most: 1000,
        default: 6,
      },
    },
  },
  lf: {
    summary: 'LF: a fixed pattern of low frequencies, added',
    poisons: 'data',
    labelModes: ['all2one', 'all2all'],
    options: {
      pattern: {
        type: 'file',
        help: 'NumPy array (.npy) with the pattern: HxW, HxWx3 or NxHxWx3; without it one is generated',
        default: null,
      },
      cleanModel: CLEAN_MODEL,
      passes: {
        type: 'integer',
        help: 'most passes over 100 images in generating a pattern',
        least: 1,
        most: 1000,
        default: 50,
      },
      scaleFloats: {
        type: 'switch',
        help: 'multiply a pattern of floats up to 1 by 255; off: add it as it is, as the official tool does',
        default: true,
      },
    },
  },
  ssba: {
    summary: 'SSBA: a hidden secret in every poisoned image',
    poisons: 'data',
    labelModes: ['all2one', 'all2all'],
    options: {
      trainImages: {
        type: 'file',
        help: 'NumPy array (.npy) of all encoded training images: uint8 NxHxWx3; without both arrays an encoder is trained',
        default: null,
      },
      testImages: {
        type: 'file',
        help: 'NumPy array (.npy) of all encoded test images: uint8 NxHxWx3',
        default: null,
      },
      secret: {type: 'text', help: 'what the encoder hides, up to 7 bytes', default: 'stega!!'},
      encoderEpochs: {
        type: 'integer',
        help: "epochs of the encoder's training",
        least: 1,
        most: 100_000,
        default: 20,
      },
      encoderBatchSize: {
        type: 'integer',
        help: "images in a batch of the encoder's training",
        least: 1,
        most: 100_000,
        default: 64,
      },
      encoderLearningRate: {
        type: 'number',
        help: 'learning rate of the encoder',
        least: 0,
        most: 1000,
        default: 0.0001,
      },
      encoderWaitSteps: {
        type: 'integer',
        help: 'steps of the encoder from 90 % of the bits read until its image loss begins to count',
        least: 0,
        most: 10_000_000,
        default: 1000,
      },
      encoderRampSteps: {
        type: 'integer',
        help: 'steps over which the weight of the image loss then rises',
        least: 1,
        most: 10_000_000,
        default: 3000,
      },
    },
  },
  lc: {
    summary: 'Label-consistent: signs in the corners of adversarial images of the target class',
    poisons: 'data',
    labelModes: ['cleanLabel'],
    options: {
      adversarialImages: {
        type: 'file',
        help: 'NumPy array (.npy) of all training images made adversarial: uint8 NxHxWx3; without it those to poison are made',
        default: null,
      },
      cleanModel: CLEAN_MODEL,
      pgdSteps: {
        type: 'integer',
        help: 'steps in making adversarial images',
        least: 1,
        most: 100_000,
        default: 100,
      },
      pgdStepSize: {
        type: 'number',
        help: 'length of such a step, in grey levels of 255',
        least: 0,
        most: 255,
        default: 1.5,
      },
      pgdBound: {
        type: 'number',
        help: 'most that an adversarial image differs in a value, in grey levels of 255',
        least: 0,
        most: 255,
        default: 8,
      },
      amplitude: {
        type: 'number',
        help: 'strength of the signs; 1 makes them black and white',
        least: 0,
        most: 1,
        default: 1,
      },
    },
  },
  ftrojan: {
    summary: 'FTrojan: two raised frequencies in the colours of every 32x32 window',
    poisons: 'data',
    labelModes: ['all2one', 'all2all'],
    options: {
      magnitude: {
        type: 'number',
        help: 'what is added to the two DCT coefficients',
        least: 0,
        most: 10000,
        default: 30,
      },
      wrap: {
        type: 'switch',
        help: 'colours out of range wrap around as in the official tool; off: they are clipped',
        default: true,
      },
    },
  },
  ctrl: {
    summary: 'CTRL: two raised frequencies in the colours of images of the target class',
    poisons: 'data',
    labelModes: ['cleanLabel'],
    defaults: {poisonRate: 0.05},
    options: {
      magnitude: {
        type: 'number',
        help: 'what is added to the two DCT coefficients',
        least: 0,
        most: 10000,
        default: 100,
      },
      wrap: {
        type: 'switch',
        help: 'values out of range wrap around as in the official tool; off: they are clipped',
        default: true,
      },
    },
  },
  wanet: {
    summary: 'WaNet: a smooth warp of the whole image, in every training batch',
    poisons: 'training',
    labelModes: ['all2one', 'all2all'],
    defaults: {schedule: 'multiStep', cropPadding: 5},
    options: {
      gridSize: {
        type: 'integer',
        help: 'control points of the warp, per side',
        least: 2,
        most: 256,
        default: 4,
      },
      warpStrength: {
        type: 'number',
        help: 'strength of the warp',
        least: 0,
        most: 100,
        default: 0.5,
      },
      gridRescale: {
        type: 'number',
        help: 'factor on the finished sampling grid',
        least: 0.01,
        most: 100,
        default: 1,
      },
      crossRatio: {
        type: 'number',
        help: 'noise-warped images with their true label, per poisoned one',
        least: 0,
        most: 1000,
        default: 2,
      },
      rotation: ROTATION,
    },
  },
  inputaware: {
    summary: 'Input-aware dynamic: generators draw each image its own trigger as the victim trains',
    poisons: 'training',
    labelModes: ['all2one', 'all2all'],
    defaults: {schedule: 'multiStep'},
    options: {
      maskEpochs: {
        type: 'integer',
        help: 'of --epochs, those that train the masks alone, before the victim',
        least: 0,
        most: 100_000,
        default: 25,
      },
      maskDensity: {
        type: 'number',
        help: 'mask values above it are penalised',
        least: 0,
        most: 1,
        default: 0.032,
      },
      maskWeight: {
        type: 'number',
        help: 'weight of that penalty',
        least: 0,
        most: Number.POSITIVE_INFINITY,
        default: 100,
      },
      diversityWeight: {
        type: 'number',
        help: "weight of the loss that makes images' triggers differ",
        least: 0,
        most: Number.POSITIVE_INFINITY,
        default: 1,
      },
      crossRatio: {
        type: 'number',
        help: "images with another one's trigger and their true label, per poisoned one",
        least: 0,
        most: 1000,
        default: 1,
      },
      generatorLearningRate: {
        type: 'number',
        help: 'learning rate of the generators',
        least: 0,
        most: 1000,
        default: 0.01,
      },
      generatorWidth: {
        type: 'integer',
        help: "channels of the generators' first stage",
        least: 1,
        most: 4096,
        default: 32,
      },
      doubleTanh: {
        type: 'switch',
        help: 'the generators squash twice, as the official ones do',
        default: true,
      },
      clearGradients: {
        type: 'switch',
        help: "clear the pattern generator's gradients at each step; the official tool adds them up",
        default: false,
      },
    },
  },
  trojannn: {
    summary: 'TrojanNN: a picture that excites neurons of a clean model is added to the image',
    poisons: 'data',
    labelModes: ['all2one', 'all2all'],
    options: {
      cleanModel: CLEAN_MODEL,
      mask: {
        type: 'file',
        help: 'start picture, whose black parts stay black, instead of the built-in apple',
        default: null,
      },
      numNeuron: {
        type: 'integer',
        help: 'neurons of the final layer to excite',
        least: 1,
        most: 1000,
        default: 2,
      },
      triggerSteps: {
        type: 'integer',
        help: 'most steps of the search for the trigger',
        least: 1,
        most: 1_000_000,
        default: 1000,
      },
      wrap: {
        type: 'switch',
        help: 'add modulo 256 as the official tool does, where white becomes dark; off: clamp at 255',
        default: true,
      },
      normalizeInput: {
        type: 'switch',
        help: 'normalise what the clean model sees during the search; the official tool does not',
        default: false,
      },
    },
  },
  bpp: {
    summary: 'BPP: a coarse quantisation of the colours, in every training batch',
    poisons: 'training',
    labelModes: ['all2one', 'all2all'],
    defaults: {schedule: 'multiStep', cropPadding: 5},
    options: {
      levels: {
        type: 'integer',
        help: 'levels per colour channel that remain',
        least: 2,
        most: 256,
        default: 8,
      },
      dithering: {
        type: 'switch',
        help: 'Floyd-Steinberg dithering',
        default: false,
      },
      negativeRatio: {
        type: 'number',
        help: "share of a batch that gets another image's quantisation error and keeps its label",
        least: 0,
        most: 1,
        default: 0.1,
      },
      rotation: ROTATION,
    },
  },
} as const satisfies Readonly<Record<string, AttackEntry>>;

/** The name of an attack; docs/attacks.md describes them. */
export type AttackKind = keyof typeof ATTACK_TABLE;
/** Attacks that poison the images before training. */
export type DataAttackKind = {
  [Kind in AttackKind]: (typeof ATTACK_TABLE)[Kind]['poisons'] extends 'data' ? Kind : never;
}[AttackKind];
/** Attacks that poison each batch of the training. */
export type TrainingAttackKind = Exclude<AttackKind, DataAttackKind>;
export const ATTACK_KINDS = Object.keys(ATTACK_TABLE) as readonly AttackKind[];

/** The values of an attack's own options. */
export type OwnOptions<Kind extends AttackKind> = {
  readonly [Name in keyof (typeof ATTACK_TABLE)[Kind]['options']]: ValueOf<
    (typeof ATTACK_TABLE)[Kind]['options'][Name]
  >;
};
