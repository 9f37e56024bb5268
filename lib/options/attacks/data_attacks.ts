import type {AttackEntry} from './attack_entry.js';

const CLEAN_MODEL = {
  type: 'path',
  expects: 'a file',

  help: 'checkpoint of a clean model of the same architecture; without it one is trained first',
  default: null,
} as const;

/** The attacks that poison the images before the training (specification B4). */
export const DATA_ATTACKS = {
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
        help: 'picture to mix in, built in or your own, resized to the images',
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
        help: 'amplitude of the wave in gray levels',
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
        type: 'path',
        expects: 'a file',
        help: 'NumPy array (.npy) with the pattern: HxW, HxWx3 or NxHxWx3; without it one is generated',
        default: null,
      },
      cleanModel: CLEAN_MODEL,
      passes: {
        type: 'integer',
        help: 'largest number of passes over 100 images to generate a pattern',
        least: 1,
        most: 1000,
        default: 50,
      },
      scaleFloats: {
        type: 'switch',
        help: 'multiply a pattern of floats up to 1 by 255; off: add it without scaling, as the official tool does',
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
        type: 'path',
        expects: 'a file',
        help: 'NumPy array (.npy) of all encoded training images: uint8 NxHxWx3; without both arrays an encoder is trained',
        default: null,
      },
      testImages: {
        type: 'path',
        expects: 'a file',
        help: 'NumPy array (.npy) of all encoded test images: uint8 NxHxWx3',
        default: null,
      },
      secret: {
        type: 'text',
        expects: 'text',
        help: 'what the encoder hides, up to 7 bytes',
        default: 'stega!!',
      },
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
        help: 'steps of the encoder between reading 90 % of the bits and the start of its image loss',
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
        type: 'path',
        expects: 'a file',
        help: 'NumPy array (.npy) of adversarial versions of all training images: uint8 NxHxWx3; without it they are made for the images to poison',
        default: null,
      },
      cleanModel: CLEAN_MODEL,
      pgdSteps: {
        type: 'integer',
        help: 'PGD steps to make adversarial images',
        least: 1,
        most: 100_000,
        default: 100,
      },
      pgdStepSize: {
        type: 'number',
        help: 'size of a PGD step, in gray levels of 255',
        least: 0,
        most: 255,
        default: 1.5,
      },
      pgdBound: {
        type: 'number',
        help: 'largest change of a value in an adversarial image, in gray levels of 255',
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
    summary: 'FTrojan: two raised frequencies in the colors of every 32x32 window',
    poisons: 'data',
    labelModes: ['all2one', 'all2all'],
    options: {
      magnitude: {
        type: 'number',
        help: 'amount that is added to the two DCT coefficients',
        least: 0,
        most: 10000,
        default: 30,
      },
      wrap: {
        type: 'switch',
        help: 'colors out of range wrap around as in the official tool; off: they are clipped',
        default: true,
      },
    },
  },
  ctrl: {
    summary: 'CTRL: two raised frequencies in the colors of images of the target class',
    poisons: 'data',
    labelModes: ['cleanLabel'],
    defaults: {poisonRate: 0.05},
    options: {
      magnitude: {
        type: 'number',
        help: 'amount that is added to the two DCT coefficients',
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
  trojannn: {
    summary: 'TrojanNN: a picture that excites neurons of a clean model is added to the image',
    poisons: 'data',
    labelModes: ['all2one', 'all2all'],
    needsFreshModel: true,
    options: {
      cleanModel: CLEAN_MODEL,
      mask: {
        type: 'path',
        expects: 'a file',
        help: 'start picture instead of the built-in apple; its black parts stay black',
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
        help: 'largest number of steps of the search for the trigger',
        least: 1,
        most: 1_000_000,
        default: 1000,
      },
      wrap: {
        type: 'switch',
        help: 'add modulo 256 as the official tool does, which makes white dark; off: clamp at 255',
        default: true,
      },
      normalizeInput: {
        type: 'switch',
        help: 'normalize the input of the clean model during the search; the official tool does not',
        default: false,
      },
    },
  },
} as const satisfies Readonly<Record<string, AttackEntry>>;
