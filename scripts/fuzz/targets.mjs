import {ARCHIVES} from './targets/archives.mjs';
import {ATTACKS} from './targets/attacks.mjs';
import {CHECKPOINTS} from './targets/checkpoints.mjs';
import {CONFIG} from './targets/config.mjs';
import {DATASETS} from './targets/datasets.mjs';
import {IMAGES} from './targets/images.mjs';
import {PROGRAM} from './targets/programs.mjs';
import {RECORDS} from './targets/records.mjs';

/**
 * Every reader of untrusted bytes: `name`; `mostBytes` of an input; `seeds()`, whole inputs that others are made from;
 * `mutate(random, bytes, context)`, an input with something wrong in it; `run(bytes, folder)`, which reads the file
 * `input` in the folder and gives 'accepted' or 'refused', or throws a Finding.
 */
export const TARGETS = [
  ...CHECKPOINTS,
  ...ATTACKS,
  PROGRAM,
  ...IMAGES,
  ...DATASETS,
  ...RECORDS,
  CONFIG,
  ...ARCHIVES,
];
