import {ENGINE_NAMES, type EngineName} from '../../sweep/engines/engines.js';
import {named} from '../named.js';
import type {OptionGroups} from '../option.js';
import {DEVICE} from './common.js';

/** What a sweep does with its plan, which is told by an argument. */
export const SWEEP = {
  Sweep: {
    out: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: 'folder of the sweep, which goes on where an earlier call stopped',
      unset: 'sweeps/<name of the plan>',
      default: null,
    },
    engine: {
      type: 'choice',
      choices: ENGINE_NAMES as readonly EngineName[],
      help: 'what does the steps',
      default: 'local',
    },
    resume: {
      type: 'switch',
      value: '',
      help: `go on in ${named('out')} with a plan that has changed: what is done of it stays`,
      details: 'An unchanged plan goes on without it.',
      default: false,
    },
    retryFailed: {
      type: 'switch',
      value: '',
      help: 'try steps again that failed',
      default: false,
    },
    dryRun: {
      type: 'switch',
      value: '',
      help: 'tell what there is to do, and do and write nothing',
      default: false,
    },
  },
  Run: {
    jobs: {
      type: 'integer',
      least: 1,
      most: 100_000,
      help: 'steps at once',
      unset: "the plan's, else the engine's",
      default: null,
    },
    wait: {
      type: 'switch',
      value: '',
      help: 'wait for the end of what a scheduler is given',
      unset: "as the plan's engine says",
      default: null,
    },
    apply: {
      type: 'switch',
      value: '',
      help: 'give the Jobs to Kubernetes instead of printing them',
      unset: "as the plan's engine says",
      default: null,
    },
    threads: {
      ...DEVICE.threads,
      help: 'CPU threads of each step whose options in the plan do not say; 0 lets LibTorch choose',
      details: 'It changes how long a step takes, and may change the last bits of its figures.',
      unset: 'the cpus in resources of the plan, else 1',
      default: null,
    },
  },
} as const satisfies OptionGroups;

/** Which step of a sweep is done; its id is told by an argument. */
export const SWEEP_STEP = {
  Step: {
    stage: {
      type: 'integer',
      least: 0,
      help: 'instead of an id: the stage of the step',
      default: null,
    },
    list: {
      type: 'path',
      expects: 'a file',
      value: '<file>',
      help: 'instead of a stage: a file with the ids of steps, one a line',
      default: null,
    },
    index: {
      type: 'integer',
      least: 0,
      help: `the number of the step in ${named('stage')} or ${named('list')}, from 0`,
      unset: 'SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX of the environment',
      default: null,
    },
  },
} as const satisfies OptionGroups;

/** The report of a sweep, whose folder is told by an argument. */
export const SWEEP_REPORT = {
  Report: {
    out: {
      type: 'path',
      expects: 'a file',
      value: '<file>',
      help: 'HTML file; two CSV files are written beside it',
      unset: 'report.html in the folder of the sweep',
      default: null,
    },
  },
} as const satisfies OptionGroups;
