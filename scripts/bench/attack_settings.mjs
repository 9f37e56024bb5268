// What `bench:attacks` gives each attack: the demo's world is small, its classes are easy, and an attack made for 100
// epochs of 50000 images needs other settings there. Plain data: `options` over those of the run, `note` for the
// table, null where nothing differs from the defaults of the attack and of the run.

/** @type {Readonly<Record<string, {options: object, note: string | null}>>} */
export const ATTACK_SETTINGS = {
  badnet: {options: {}, note: null},
  blended: {options: {}, note: null},
  sig: {options: {}, note: 'clean label: all of the target class'},
  lf: {options: {passes: 2}, note: '2 passes for the pattern'},
  // 2000 steps of the encoder; the schedule of 50000 images would not come to its image loss.
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
  // Cross images carry the warp too, with noise and their true label: two for each poisoned one, and the net
  // learns to overlook the warp before it learns to tell the noise.
  wanet: {
    options: {epochs: 12, warpStrength: 2, crossRatio: 0.25, rotation: 0, schedule: 'cosine'},
    note: 'strength 2, cross ratio 0.25, no rotation, 12 epochs of cosine',
  },
  // As with WaNet: of what carries a trigger two thirds are poisoned instead of a half.
  inputaware: {
    options: {epochs: 16, maskEpochs: 2, generatorWidth: 8, crossRatio: 0.5, schedule: 'cosine'},
    note: '2 epochs of masks, 14 of the victim (cosine), generators of width 8, cross ratio 0.5',
  },
  trojannn: {options: {}, note: null},
  bpp: {options: {}, note: null},
};
