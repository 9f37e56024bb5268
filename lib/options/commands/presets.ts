import type {DefenseName} from '../../defenses/defenses.js';
import type {UserOptions} from '../parse.js';

/** A named set of defaults of `defend`: those of all methods, and over them those of each. */
interface Preset {
  readonly all: UserOptions;
  readonly methods: Readonly<Partial<Record<DefenseName, UserOptions>>>;
}

/** Measured with the first 1000 test images, so that ACC and ASR are known to about 3 points. */
const QUICK = {precision: 'auto', evalEvery: 3, testLimit: 1000};
/** Training whose learning rate falls to 0 in a fifth of the rounds. */
const SHORT_TRAINING = {clean: '1000', rounds: 20, scheduleLength: 20, evalEvery: 10};

/** paper: as in the paper and the official tool, which the defaults already say. */
export const PRESETS: Readonly<Record<string, Preset>> = {
  paper: {all: {}, methods: {}},
  quick: {
    all: QUICK,
    methods: {
      sau: {clean: '1000', rounds: 6},
      ft: SHORT_TRAINING,
      fp: SHORT_TRAINING,
      nad: {clean: '1000', evalEvery: 5},
      nc: {...SHORT_TRAINING, inversionEpochs: 20},
      anp: {iterations: 500, evalEvery: 0},
      ep: {evalEvery: 0},
      ibau: {clean: '1000'},
      ftsam: {clean: '1000', rounds: 20, evalEvery: 10},
      clp: {evalEvery: 0},
      bnp: {evalEvery: 0},
      rnp: {clean: '500', evalEvery: 0},
      npd: {clean: '1000', rounds: 20, evalEvery: 10},
    },
  },
};

/** What a preset says of a method. Nothing for an unknown name, which the schema refuses. */
export function presetOf(name: unknown, method: DefenseName): UserOptions {
  const preset = Object.entries(PRESETS).find(([known]) => known === name)?.[1];
  return {...preset?.all, ...preset?.methods[method]};
}
