import type {OptionTable} from '../option.js';

/** What a result has to reach, so that a pipeline goes on. */
export const GATES = {
  failAboveAsr: {
    type: 'share',
    help: 'fail where more of the poisoned test images than this are still led to their target, such as 5%',
    details:
      'The result is written all the same and has it in failedGates; the command line ends with exit code 11.',
    unset: 'no limit',
    default: null,
  },
  failBelowAcc: {
    type: 'share',
    help: 'fail where fewer of the clean test images than this are recognized, such as 80%',
    unset: 'no limit',
    default: null,
  },
  maxAccDrop: {
    type: 'share',
    help: 'fail where ACC has lost more than this since the model before the defense, such as 3% for 3 points',
    unset: 'no limit',
    default: null,
  },
} as const satisfies OptionTable;
