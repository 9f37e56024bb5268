import {createHash} from 'node:crypto';
import {posix, relative, sep} from 'node:path';
import {isWithin} from '../../base/path_within.js';
import type {ConfigOf} from '../../options/option.js';
import {shown} from '../../options/parse.js';
import {planError} from '../plan.js';
import type {KUBERNETES} from './kubernetes.js';
import {listName, type StepList} from './step_list.js';
import {slug} from './words.js';

export type KubernetesSettings = ConfigOf<typeof KUBERNETES.settings>;
export type KubernetesResources = ConfigOf<typeof KUBERNETES.resources>;

/** What all Jobs of a sweep have alike. */
export interface KubernetesScene {
  /** What the sweep is called. */
  readonly name: string;
  /** Its folder in a pod. */
  readonly folder: string;
}

/** Where the lists and manifests are, in the folder of a sweep. */
export const KUBERNETES_FOLDER = 'kubernetes';
/** Under which a Job has {@link sweepLabel}. */
export const SWEEP_LABEL = 'sau-native/sweep';
/** The container that does a step. */
const CONTAINER = 'step';
/** Exit codes of steps that fail again on any node: a failure, a wrong option, no LibTorch, and a victim that failed. */
const HOPELESS = [1, 2, 3, 5];
/** Seconds that a step has to save its state. */
const GRACE = 120;

/** What a Job is called. With the index of a pod it is a name of DNS. */
export function jobName({name}: Pick<KubernetesScene, 'name'>, list: StepList): string {
  return `sau-${slug(name)}-${listName(list)}`;
}

/** The label that all Jobs of a sweep have, and no other sweep's. */
export function sweepLabel({name, folder}: KubernetesScene): string {
  return `${slug(name)}-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
}

/** The folder of a sweep as pods have it. Throws ERR_CONFIG where it is not in the claim. */
export function folderInPod(folder: string, root: string, mountPath: string): string {
  if (!isWithin(root, folder)) {
    const expected = `a folder that has that of the sweep, ${folder}, for ${settingAt('root')}`;
    throw planError(expected, shown(root));
  }
  if (!posix.isAbsolute(mountPath)) {
    throw planError(`an absolute path for ${settingAt('mountPath')}`, shown(mountPath));
  }
  return posix.join(mountPath, ...relative(root, folder).split(sep));
}

/** A Job of a stage, ready for YAML or JSON. A stage after the first is suspended until the one before it has ended. */
export function jobManifest(
  scene: KubernetesScene,
  list: StepList,
  settings: KubernetesSettings,
  resources: KubernetesResources,
  isSuspended: boolean,
) {
  const {namespace, jobs, retries, keep} = settings;
  const name = jobName(scene, list);
  const labels = {
    'app.kubernetes.io/name': 'sau-native',
    'app.kubernetes.io/component': list.kind,
    [SWEEP_LABEL]: sweepLabel(scene),
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {name, ...(namespace === null ? {} : {namespace}), labels},
    spec: {
      completionMode: 'Indexed',
      completions: list.ids.length,
      parallelism: Math.min(list.ids.length, jobs),
      ...(isSuspended ? {suspend: true} : {}),
      // One step that fails ends no other: without maxFailedIndexes all indices are tried.
      backoffLimitPerIndex: retries,
      podFailurePolicy: {
        rules: [
          {
            action: 'FailIndex',
            onExitCodes: {containerName: CONTAINER, operator: 'In', values: HOPELESS},
          },
          {action: 'Ignore', onPodConditions: [{type: 'DisruptionTarget', status: 'True'}]},
        ],
      },
      ...(keep === null ? {} : {ttlSecondsAfterFinished: Math.ceil(keep)}),
      template: {metadata: {labels}, spec: podSpec(scene, list, settings, resources)},
    },
  };
}

function podSpec(
  {folder}: KubernetesScene,
  list: StepList,
  settings: KubernetesSettings,
  resources: KubernetesResources,
) {
  const {serviceAccount, pullSecret, user, mountPath, subPath, command} = settings;
  const {time, nodeSelector, tolerations, priorityClass} = resources;
  const path = posix.join(folder, KUBERNETES_FOLDER, `${listName(list)}.txt`);
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: GRACE,
    ...(time === null ? {} : {activeDeadlineSeconds: Math.ceil(time)}),
    ...(serviceAccount === null ? {} : {serviceAccountName: serviceAccount}),
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(pullSecret === null ? {} : {imagePullSecrets: [{name: pullSecret}]}),
    ...(nodeSelector === null ? {} : {nodeSelector: labelsOf(nodeSelector)}),
    ...(tolerations === null ? {} : {tolerations: tolerationsOf(tolerations)}),
    ...(priorityClass === null ? {} : {priorityClassName: priorityClass}),
    securityContext: {
      ...{runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user},
      // A volume of many files is not gone through at the start of each pod.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: {type: 'RuntimeDefault'},
    },
    containers: [
      {
        name: CONTAINER,
        image: required('image', settings.image),
        command: [command],
        args: ['sweep', 'step', folder, '--list', path],
        // The root of the image is read alone; what programs leave behind goes with the pod.
        env: [
          {name: 'HOME', value: '/tmp'},
          {name: 'TMPDIR', value: '/tmp'},
        ],
        resources: containerResources(resources, list.threads),
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: {drop: ['ALL']},
        },
        volumeMounts: [
          {name: 'work', mountPath, ...(subPath === null ? {} : {subPath})},
          {name: 'tmp', mountPath: '/tmp'},
        ],
      },
    ],
    volumes: [
      {name: 'work', persistentVolumeClaim: {claimName: required('claim', settings.claim)}},
      {name: 'tmp', emptyDir: {}},
    ],
  };
}

/** Cores are asked for and not limited: a step has its threads, and a limit would only make them wait. */
function containerResources(
  {cpus, memory, gpus, gpuResource}: KubernetesResources,
  threads: number,
) {
  const bytes = memory === null ? {} : {memory: `${Math.ceil(memory / 2 ** 20)}Mi`};
  const devices = gpus === 0 ? {} : {[gpuResource]: gpus};
  const limits = {...bytes, ...devices};
  return {
    requests: {cpu: cpus ?? threads, ...limits},
    ...(Object.keys(limits).length === 0 ? {} : {limits}),
  };
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [key = '', value, ...more] = pair.trim().split('=');
      if (key !== '' && value !== undefined && more.length === 0) return [key, value];
      throw planError('labels such as pool=gpu,zone=a for resources.nodeSelector', shown(text));
    }),
  );
}

function tolerationsOf(text: string): {key: string; operator: 'Exists'}[] {
  return text.split(',').map((key) => ({key: key.trim(), operator: 'Exists'}));
}

/** A setting that no default can stand for. */
function required(option: 'image' | 'claim', value: string | null): string {
  if (value !== null) return value;
  throw planError(`a name for ${settingAt(option)}`, 'nothing', 'Write it into the plan');
}

/** Where the plan has a setting. */
function settingAt(option: keyof KubernetesSettings): string {
  return `engines.kubernetes.${option}`;
}
