import {describe, expect, it} from 'vitest';
import {parseAllDocuments} from 'yaml';
import {kubernetesEngine} from '../../../lib/sweep/engines/kubernetes_engine.js';
import {folderInPod, jobManifest} from '../../../lib/sweep/engines/kubernetes_manifest.js';
import {listName, stepLists} from '../../../lib/sweep/engines/step_list.js';
import {EVERYTHING, kubernetesJob, RESOURCES, SETTINGS} from '../../support/kubernetes_jobs.js';
import {schemaErrors} from '../../support/kubernetes_schema.js';
import {openSweep, sweepStep} from '../../support/sweep_steps.js';

const STEPS = [0, 1, 4].map((i) => sweepStep(1, i, {options: {threads: 2}}));

function manifest(...how: Tail<Parameters<typeof kubernetesJob>>) {
  return kubernetesJob(STEPS, ...how);
}

type Tail<List extends readonly unknown[]> = List extends [unknown, ...infer Rest] ? Rest : never;

describe('the Job of a stage', () => {
  it.each([
    ['by default', manifest()],
    ['suspended', manifest({}, {}, true)],
    ['with all that can be set', manifest(EVERYTHING.settings, EVERYTHING.resources)],
  ])('is one by the description of batch/v1, %s', (_, job) => {
    expect(schemaErrors(job)).toEqual([]);
  });

  it('is held against a description that finds what is wrong', () => {
    const {spec, ...rest} = manifest();
    expect(schemaErrors({...rest, spec: {...spec, completions: '3'}})).not.toEqual([]);
    expect(schemaErrors({...rest, spec: {...spec, completionMode: 'indexed'}})).not.toEqual([]);
    expect(schemaErrors({...rest, spec: {...spec, backoffLimitPerIndex: true}})).not.toEqual([]);
    expect(schemaErrors({...rest, spec: {completions: 3}})).not.toEqual([]);
  });

  it('has an index for each step that is left, and none that fails ends another', () => {
    const {spec, metadata} = manifest();
    const [list] = stepLists(STEPS);
    if (list === undefined) throw new Error('there are steps');
    expect(spec).toMatchObject({
      ...{completionMode: 'Indexed', completions: 3, parallelism: 3, backoffLimitPerIndex: 3},
    });
    expect(spec).not.toHaveProperty('backoffLimit');
    expect(spec).not.toHaveProperty('maxFailedIndexes');
    const [container] = spec.template.spec.containers;
    expect(container?.args).toEqual([
      ...['sweep', 'step', '/claim/sweeps/paper'],
      ...['--list', `/claim/sweeps/paper/kubernetes/${listName(list)}.txt`],
    ]);
    expect(metadata.name).toBe(`sau-paper-table-1-${listName(list)}`);
  });

  it('has another name where its steps are others, and one that is short enough for its pods', () => {
    const [all] = stepLists(STEPS);
    const [left] = stepLists(STEPS.slice(1));
    if (all === undefined || left === undefined) throw new Error('there are steps');
    const names = [all, left].map((list) => {
      const scene = {name: 'x'.repeat(200), folder: '/claim/x'};
      return jobManifest(scene, list, SETTINGS, RESOURCES, false).metadata.name;
    });
    expect(new Set(names).size).toBe(2);
    for (const name of names) {
      expect(`${name}-99999`).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      expect(`${name}-99999`.length).toBeLessThanOrEqual(63);
    }
  });

  it('replaces pods that were killed, and not those whose step failed', () => {
    const {rules} = manifest().spec.podFailurePolicy;
    expect(rules[0]).toMatchObject({action: 'FailIndex', onExitCodes: {containerName: 'step'}});
    expect(rules[0]?.onExitCodes?.values).not.toContain(143);
    expect(rules[1]).toMatchObject({
      action: 'Ignore',
      onPodConditions: [{type: 'DisruptionTarget'}],
    });
    expect(manifest().spec.template.spec.restartPolicy).toBe('Never');
  });

  it('asks for what the plan says, and limits memory and devices alone', () => {
    const {spec} = manifest(EVERYTHING.settings, EVERYTHING.resources).spec.template;
    expect(spec.containers[0]?.resources).toEqual({
      requests: {cpu: 8, memory: '8192Mi', 'amd.com/gpu': 2},
      limits: {memory: '8192Mi', 'amd.com/gpu': 2},
    });
    expect(spec).toMatchObject({
      ...{activeDeadlineSeconds: 3600, serviceAccountName: 'sweeper', priorityClassName: 'low'},
      nodeSelector: {pool: 'gpu', zone: 'a'},
      tolerations: [
        {key: 'amd.com/gpu', operator: 'Exists'},
        {key: 'spot', operator: 'Exists'},
      ],
    });
    expect(manifest().spec.template.spec.containers[0]?.resources).toEqual({requests: {cpu: 2}});
  });

  it('runs as a user without rights, on an image that it cannot change', () => {
    const {spec} = manifest().spec.template;
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.securityContext).toMatchObject({
      ...{runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: 'RuntimeDefault'}},
    });
    expect(spec.containers[0]?.securityContext).toEqual({
      ...{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true},
      capabilities: {drop: ['ALL']},
    });
  });

  it.each([
    ['an image', {image: null}, {}, /image/],
    ['a claim', {claim: null}, {}, /claim/],
    [
      'labels',
      {},
      {nodeSelector: 'gpu'},
      /labels such as pool=gpu,zone=a for resources.nodeSelector/,
    ],
  ])('needs %s', (_, settings, resources, message) => {
    expect(() => manifest(settings, resources)).toThrow(message);
  });
});

describe('the folder of a sweep in a pod', () => {
  it('is where the claim has it', () => {
    expect(folderInPod('/data/sweeps/paper', '/data', '/claim')).toBe('/claim/sweeps/paper');
    expect(folderInPod('/data', '/data', '/claim')).toBe('/claim');
  });

  it('has to be in the claim, at an absolute path', () => {
    expect(() => folderInPod('/other/paper', '/data', '/claim')).toThrow(/root/);
    expect(() => folderInPod('/data/paper', '/data', 'work')).toThrow(/mountPath/);
  });
});

describe('the manifests of a sweep', () => {
  it('are a Job for each stage as YAML, the later ones suspended', async () => {
    const sweep = openSweep([sweepStep(0, 0), ...STEPS], SETTINGS, RESOURCES);
    const text = kubernetesEngine.preview?.(sweep) ?? '';
    const jobs = parseAllDocuments(text).map((document) => document.toJS());
    expect(jobs.map(({kind, spec}) => [kind, spec.completions, spec.suspend])).toEqual([
      ['Job', 1, undefined],
      ['Job', 3, true],
    ]);
    expect(jobs.map(schemaErrors)).toEqual([[], []]);
  });
});
