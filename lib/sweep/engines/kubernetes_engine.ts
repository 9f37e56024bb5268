import {mkdir} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {stringify} from 'yaml';
import {z} from 'zod';
import {SauError} from '../../base/errors.js';
import {writeWholeFile} from '../../base/whole_file.js';
import {named} from '../../options/named.js';
import {optionError} from '../../options/parse.js';
import type {EngineOutcome, EngineRun, OpenSweep, SweepEngine} from '../engine.js';
import {requireWithin} from '../paths.js';
import {statusOf} from '../status.js';
import {baseOf} from '../sweep_file.js';
import {
  folderInPod,
  jobManifest,
  KUBERNETES_FOLDER,
  type KubernetesResources,
  type KubernetesScene,
  type KubernetesSettings,
  SWEEP_LABEL,
  sweepLabel,
} from './kubernetes_manifest.js';
import {callScheduler, idleSteps} from './scheduler.js';
import {listName, listText, type StepList, stepLists} from './step_list.js';

/** Between two looks at a Job. */
const POLL_MS = 5_000;

/**
 * An Indexed Job for each stage. Those after the first are suspended: pods that would wait for their victims would keep
 * the GPUs that the victims need. Whoever waits releases them.
 */
export const kubernetesEngine: SweepEngine = {
  preview(sweep: OpenSweep): string {
    return yamlOf(jobsOf(sweep));
  },

  async run(sweep: OpenSweep, run: EngineRun): Promise<EngineOutcome> {
    const settings = settingsOf(sweep);
    if (settings.wait && !settings.apply) {
      throw optionError('', `${named('apply')} beside ${named('wait')}`, 'none');
    }
    const jobs = jobsOf(sweep);
    const manifest = yamlOf(jobs);
    if (settings.apply) await requireNoJobs(sweep, run);
    await run.begin();
    await mkdir(join(sweep.folder, KUBERNETES_FOLDER), {recursive: true});
    const inFolder = (name: string): string => join(sweep.folder, KUBERNETES_FOLDER, name);
    for (const {list} of jobs) {
      await writeWholeFile(inFolder(`${listName(list)}.txt`), listText(list));
    }
    const path = inFolder('jobs.yaml');
    await writeWholeFile(path, manifest);
    const names = jobs.map(({name}) => name);
    if (!settings.apply) {
      run.onProgress({kind: 'note', message: howToApply(sweep, path, names)});
      return {kind: 'printed', manifest};
    }
    const namespace = namespaceArguments(settings);
    await callScheduler('kubectl', ['apply', ...namespace, '-f', '-'], {
      ...{purpose: 'apply the Jobs of the sweep', input: manifest},
    });
    if (!settings.wait) {
      return {kind: 'submitted', jobs: names, message: howToRelease(sweep, names)};
    }
    for (const [i, name] of names.entries()) {
      if (i > 0) await release(name, settings);
      await waitForEnd(sweep, name, run);
    }
    return {kind: 'finished'};
  },
};

/** A Job, its name and what it does. */
interface PlannedJob {
  readonly name: string;
  readonly list: StepList;
  readonly manifest: ReturnType<typeof jobManifest>;
}

function jobsOf(sweep: OpenSweep): readonly PlannedJob[] {
  const settings = settingsOf(sweep);
  const scene = sceneOf(sweep);
  const base = baseOf(sweep.folder, sweep.file);
  requireWithin(sweep.todo, base, {root: rootOf(sweep), elsewhere: settings.mountPath});
  return stepLists(idleSteps(sweep)).map((list, i) => {
    const resources = sweep.resources[list.kind] as unknown as KubernetesResources;
    const manifest = jobManifest(scene, list, settings, resources, i > 0);
    return {name: manifest.metadata.name, list, manifest};
  });
}

function settingsOf({settings}: OpenSweep): KubernetesSettings {
  return settings as unknown as KubernetesSettings;
}

function sceneOf(sweep: OpenSweep): KubernetesScene {
  const {folder, file} = sweep;
  const inPod = folderInPod(folder, rootOf(sweep), settingsOf(sweep).mountPath);
  return {name: file.name, folder: inPod};
}

/** Where this machine has the claim. */
function rootOf(sweep: OpenSweep): string {
  return resolve(settingsOf(sweep).root ?? baseOf(sweep.folder, sweep.file));
}

function yamlOf(jobs: readonly PlannedJob[]): string {
  return jobs
    .map(({manifest}) => stringify(manifest, {lineWidth: 0, aliasDuplicateObjects: false}))
    .join('---\n');
}

function namespaceArguments({namespace}: KubernetesSettings): readonly string[] {
  return namespace === null ? [] : [`--namespace=${namespace}`];
}

function howToApply(sweep: OpenSweep, path: string, names: readonly string[]): string {
  const command = ['kubectl apply', ...namespaceArguments(settingsOf(sweep)), `-f ${path}`].join(
    ' ',
  );
  return [
    `Once the claim has ${sweep.folder}:`,
    command,
    ...(names.length > 1 ? [howToRelease(sweep, names)] : []),
  ].join('\n');
}

/** A stage that is suspended has to be released once the one before it has ended. */
function howToRelease(sweep: OpenSweep, names: readonly string[]): string {
  const words = ['kubectl', ...namespaceArguments(settingsOf(sweep))].join(' ');
  const [first = '', ...later] = names;
  const watch = `${words} get job ${first} --watch shows the Job.`;
  if (later.length === 0) return watch;
  const releases = later.map(
    (name) => `${words} patch job ${name} --type=merge -p '{"spec":{"suspend":false}}'`,
  );
  return [`${watch} When it has ended, release the next:`, ...releases].join('\n');
}

async function release(name: string, settings: KubernetesSettings): Promise<void> {
  const patch = JSON.stringify({spec: {suspend: false}});
  const args = ['patch', 'job', name, ...namespaceArguments(settings), '--type=merge', '-p', patch];
  await callScheduler('kubectl', args, {purpose: `release the Job ${name}`});
}

const jobSchema = z.object({
  metadata: z.object({name: z.string()}),
  status: z
    .object({conditions: z.array(z.object({type: z.string(), status: z.string()})).optional()})
    .optional(),
});

type SeenJob = z.infer<typeof jobSchema>;

function hasEnded({status}: SeenJob): boolean {
  const conditions = status?.conditions ?? [];
  return conditions.some(
    (each) => each.status === 'True' && (each.type === 'Complete' || each.type === 'Failed'),
  );
}

/** Throws ERR_BUSY where Jobs of an earlier call go on: two Jobs would do the same steps. */
async function requireNoJobs(sweep: OpenSweep, {signal}: EngineRun): Promise<void> {
  const namespace = namespaceArguments(settingsOf(sweep));
  const selector = `${SWEEP_LABEL}=${sweepLabel(sceneOf(sweep))}`;
  const args = ['get', 'jobs', ...namespace, `--selector=${selector}`, '--output=json'];
  const said = await callScheduler('kubectl', args, {
    ...{purpose: 'list the Jobs of the sweep', signal},
  });
  const {items} = z.object({items: z.array(jobSchema)}).parse(JSON.parse(said));
  const open = items.filter((job) => !hasEnded(job)).map(({metadata}) => metadata.name);
  if (open.length === 0) return;
  throw new SauError(
    'ERR_BUSY',
    `Expected no Job of this sweep in the cluster but ${open.join(', ')} has not ended.`,
    {
      remedy: `Wait for it, or delete it: ${['kubectl', ...namespace].join(' ')} delete jobs --selector=${selector}`,
      details: {jobs: open},
    },
  );
}

/** Waits until a Job has ended, with failed indices or without. Stopped, it leaves the Jobs alone. */
async function waitForEnd(
  sweep: OpenSweep,
  name: string,
  {signal, onProgress}: EngineRun,
): Promise<void> {
  const args = ['get', 'job', name, ...namespaceArguments(settingsOf(sweep)), '--output=json'];
  for (let told = ''; ; ) {
    const said = await callScheduler('kubectl', args, {purpose: `look at the Job ${name}`, signal});
    const {counts} = await statusOf(sweep.folder, sweep.file.steps);
    const {done, total, failed} = counts;
    const message = `${done} of ${total} steps done, ${failed} failed`;
    if (message !== told) onProgress({kind: 'note', message});
    told = message;
    if (hasEnded(jobSchema.parse(JSON.parse(said)))) return;
    await pause(POLL_MS, undefined, {signal}).catch(() => signal.throwIfAborted());
  }
}
