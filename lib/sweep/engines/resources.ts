import type {Option} from '../../options/option.js';

/** The cores of a step, as every scheduler gives them. */
export const CPUS = {
  type: 'integer',
  above: 0,
  help: 'cores of a step',
  unset: 'the most threads of a step of the stage',
  default: null,
} as const satisfies Option;
