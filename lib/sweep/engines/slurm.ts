import type {EngineEntry} from './entry.js';
import {CPUS} from './resources.js';

/** A job array of Slurm for each stage. */
export const SLURM = {
  summary: 'a job array for each stage, given to Slurm by sbatch',
  settings: {
    command: {
      type: 'text',
      expects: 'a command',
      help: 'how the jobs start sau-native, such as apptainer exec sau.sif sau-native',
      details: 'It stands in the script as it is: the shell of the job reads it.',
      unset: 'this Node.js and this program',
      default: null,
    },
    header: {
      type: 'text',
      expects: 'lines of a shell script',
      help: 'lines of the script before the step, such as module load; #SBATCH lines may come first',
      default: null,
    },
    jobs: {
      type: 'integer',
      above: 0,
      help: 'steps of a stage at once',
      unset: 'as many as Slurm allows',
      default: null,
    },
    maxArraySize: {
      type: 'integer',
      above: 0,
      help: 'jobs in an array; larger stages are several arrays',
      unset: "the cluster's MaxArraySize",
      default: null,
    },
    saveAhead: {
      type: 'integer',
      least: 1,
      most: 65535,
      value: '<s>',
      help: 'seconds before the time limit at which a step saves its state and its job is put into the queue again',
      default: 120,
    },
    requeues: {
      type: 'integer',
      least: 0,
      help: 'times that a job goes on after its time limit, before it counts as failed',
      default: 20,
    },
    wait: {
      type: 'switch',
      help: 'wait for the end of all jobs instead of returning once they are submitted',
      default: false,
    },
  },
  resources: {
    cpus: CPUS,
    memory: {
      type: 'bytes',
      value: '<size>',
      help: 'memory of a step, such as 8GiB',
      unset: "the cluster's default",
      default: null,
    },
    time: {
      type: 'duration',
      value: '<time>',
      help: 'time limit of a step, such as 4h',
      details: 'A step that needs longer goes on in the next job from its last saved state.',
      unset: "the partition's",
      default: null,
    },
    gpus: {type: 'integer', least: 0, help: 'GPUs of a step', default: 0},
    gpuType: {
      type: 'text',
      expects: 'a type of GPU',
      help: 'which GPUs, such as a100',
      unset: 'any',
      default: null,
    },
    partition: {type: 'text', expects: 'a partition', help: 'Slurm partition', default: null},
    account: {type: 'text', expects: 'an account', help: 'Slurm account', default: null},
    qos: {type: 'text', expects: 'a quality of service', help: 'Slurm QOS', default: null},
    constraint: {
      type: 'text',
      expects: 'features of nodes',
      help: 'features that a node must have',
      default: null,
    },
  },
  hasPaths: true,
} as const satisfies EngineEntry;
