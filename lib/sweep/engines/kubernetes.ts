import type {EngineEntry} from './entry.js';
import {CPUS} from './resources.js';

/** An Indexed Job of Kubernetes for each stage. */
export const KUBERNETES = {
  summary: 'an Indexed Job for each stage, as YAML or given to a cluster by kubectl',
  settings: {
    image: {
      type: 'text',
      expects: 'a container image',
      help: 'container image with sau-native in it',
      default: null,
    },
    claim: {
      type: 'text',
      expects: 'the name of a PersistentVolumeClaim',
      help: 'PersistentVolumeClaim with the data and the folder of the sweep, which all pods write to',
      default: null,
    },
    root: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: 'folder of this machine that is the root of the claim',
      unset: 'the working folder',
      default: null,
    },
    mountPath: {
      type: 'text',
      expects: 'an absolute path',
      value: '<path>',
      help: 'where pods have the claim',
      default: '/work',
    },
    subPath: {
      type: 'text',
      expects: 'a path in the claim',
      value: '<path>',
      help: 'folder of the claim that pods have instead of its root',
      default: null,
    },
    command: {
      type: 'text',
      expects: 'a program',
      help: 'program of the image that is sau-native',
      default: 'sau-native',
    },
    namespace: {type: 'text', expects: 'a namespace', help: 'namespace of the Jobs', default: null},
    serviceAccount: {
      type: 'text',
      expects: 'a service account',
      help: 'service account of the pods, whose token they do not get',
      default: null,
    },
    pullSecret: {
      type: 'text',
      expects: 'the name of a Secret',
      help: 'Secret to fetch the image with',
      default: null,
    },
    user: {
      type: 'integer',
      above: 0,
      help: 'number of the user that pods run as, and of the group that may write to the claim',
      default: 1000,
    },
    jobs: {
      type: 'integer',
      above: 0,
      help: 'steps of a stage at once',
      default: 16,
    },
    retries: {
      type: 'integer',
      least: 0,
      help: 'times that a pod is replaced which was killed, as for want of memory',
      details:
        'A step that fails for a reason of its own is not tried again; a pod that is evicted does not count.',
      default: 3,
    },
    keep: {
      type: 'duration',
      value: '<time>',
      help: 'how long a Job that has ended is kept, such as 24h',
      unset: 'until it is deleted',
      default: null,
    },
    apply: {type: 'switch', help: 'give the Jobs to the cluster by kubectl', default: false},
    wait: {
      type: 'switch',
      help: 'with apply, wait for the end of each stage and release the next one',
      default: false,
    },
  },
  resources: {
    cpus: CPUS,
    memory: {
      type: 'bytes',
      value: '<size>',
      help: 'memory of a step, such as 8GiB; more ends its pod',
      unset: 'no request and no limit',
      default: null,
    },
    time: {
      type: 'duration',
      value: '<time>',
      help: 'time limit of a pod, such as 4h',
      details:
        'A step that needs longer goes on in the next pod from its last saved state, as often as retries allow.',
      unset: 'none',
      default: null,
    },
    gpus: {type: 'integer', least: 0, help: 'GPUs of a step', default: 0},
    gpuResource: {
      type: 'text',
      expects: 'the name of a resource',
      help: 'what the cluster calls its GPUs',
      default: 'nvidia.com/gpu',
    },
    nodeSelector: {
      type: 'text',
      expects: 'labels such as pool=gpu,zone=a',
      value: '<k=v,k=v>',
      help: 'labels that a node must have',
      default: null,
    },
    tolerations: {
      type: 'text',
      expects: 'keys such as nvidia.com/gpu,spot',
      value: '<key,key>',
      help: 'keys of taints that pods tolerate',
      default: null,
    },
    priorityClass: {
      type: 'text',
      expects: 'a priority class',
      help: 'priority class of the pods',
      default: null,
    },
  },
  hasPaths: false,
} as const satisfies EngineEntry;
