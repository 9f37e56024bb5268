// The settings of `bench:attacks` for each attack. The demo's data set is small and its classes are easy, so an
// attack made for 100 epochs of 50000 images needs other settings. Plain data: `options` override those of the run;
// `note` goes into the table and is null if nothing differs from the defaults of the attack and the run.

/** @type {Readonly<Record<string, {options: object, note: string | null}>>} */
export const ATTACK_SETTINGS = {
  badnet: {options: {}, note: null},
  blended: {options: {}, note: null},
  sig: {options: {}, note: 'clean label: all of the target class'},
  lf: {options: {passes: 2}, note: '2 passes for the pattern'},
  // The encoder gets 2000 steps. The schedule for 50000 images would end before its image loss begins.
  ssba: {
    options: {
      ...{encoderEpochs: 16, encoderBatchSize: 16, encoderLearningRate: 3e-4},
      ...{encoderWaitSteps: 0, encoderRampSteps: 500},
    },
    note: 'encoder: 16 epochs in batches of 16, learning rate 3e-4, image loss at once, rising over 500 steps',
  },
  lc: {
    options: {pgdSteps: 20},
    note: 'clean label: all of the target class',
  },
  ftrojan: {
    options: {epochs: 12, magnitude: 60},
    note: 'magnitude 60 instead of 30, 12 epochs',
  },
  ctrl: {
    options: {},
    note: 'clean label: all of the target class',
  },
  // Cross images also carry the warp, with noise and their true label. With two of them for each poisoned image,
  // the network learns to ignore the warp before it learns to see the noise.
  wanet: {
    options: {epochs: 12, warpStrength: 2, crossRatio: 0.25, rotation: 0, schedule: 'cosine'},
    note: 'strength 2, cross ratio 0.25, no rotation, 12 epochs of cosine',
  },
  // As with WaNet, fewer cross images: two thirds of the images with a trigger are poisoned instead of a half.
  inputaware: {
    options: {epochs: 16, maskEpochs: 2, generatorWidth: 8, crossRatio: 0.5, schedule: 'cosine'},
    note: '2 epochs of masks, 14 of the victim (cosine), generators of width 8, cross ratio 0.5',
  },
  trojannn: {options: {}, note: null},
  bpp: {options: {}, note: null},
};
