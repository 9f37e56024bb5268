import type {EngineEntry} from './entry.js';

/** Processes of this machine. */
export const LOCAL = {
  summary: 'processes of this machine, as many at once as it has GPUs or cores',
  settings: {
    jobs: {
      type: 'integer',
      least: 1,
      most: 1024,
      help: 'steps at once',
      unset: 'one for each GPU, or as many as the cores have threads for',
      default: null,
    },
    stepsPerProcess: {
      type: 'integer',
      least: 1,
      help: 'steps that a process does, one after another',
      details:
        'With 1 the memory that a run tells is its own and a crash ends one step alone; more saves the start of a process.',
      default: 1,
    },
  },
  resources: {},
  hasPaths: true,
} as const satisfies EngineEntry;
