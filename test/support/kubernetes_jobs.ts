import {defaultsOf} from '../../lib/options/option.js';
import {KUBERNETES} from '../../lib/sweep/engines/kubernetes.js';
import {
  jobManifest,
  type KubernetesResources,
  type KubernetesSettings,
} from '../../lib/sweep/engines/kubernetes_manifest.js';
import {stepLists} from '../../lib/sweep/engines/step_list.js';
import type {SweepStep} from '../../lib/sweep/steps.js';

export const SETTINGS: KubernetesSettings = {
  ...defaultsOf(KUBERNETES.settings),
  ...{image: 'registry/sau:1', claim: 'sweeps', mountPath: '/claim'},
};
export const RESOURCES: KubernetesResources = defaultsOf(KUBERNETES.resources);

/** All that can be set of a Job. */
export const EVERYTHING = {
  settings: {
    ...{subPath: 'team', namespace: 'lab', serviceAccount: 'sweeper', pullSecret: 'pull'},
    ...{keep: 86400, user: 2000, jobs: 2, retries: 1},
  },
  resources: {
    ...{cpus: 8, memory: 2 ** 33, time: 3600, gpus: 2, gpuResource: 'amd.com/gpu'},
    ...{nodeSelector: 'pool=gpu, zone=a', tolerations: 'amd.com/gpu,spot', priorityClass: 'low'},
  },
};

/** The Job of some steps of one stage. */
export function kubernetesJob(
  steps: readonly SweepStep[],
  settings: Partial<KubernetesSettings> = {},
  resources: Partial<KubernetesResources> = {},
  isSuspended = false,
) {
  const [list] = stepLists(steps);
  if (list === undefined) throw new Error('a Job has steps');
  const scene = {name: 'Paper, table 1', folder: '/claim/sweeps/paper'};
  const all = {...SETTINGS, ...settings};
  return jobManifest(scene, list, all, {...RESOURCES, ...resources}, isSuspended);
}
