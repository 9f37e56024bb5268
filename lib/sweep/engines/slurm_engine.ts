import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {messageOf, SauError} from '../../base/errors.js';
import {writeWholeFile} from '../../base/whole_file.js';
import {packageRoot} from '../../native/package_root.js';
import type {EngineOutcome, EngineRun, OpenSweep, SweepEngine} from '../engine.js';
import {statusOf} from '../status.js';
import type {SweepStep} from '../steps.js';
import {callScheduler, idleSteps} from './scheduler.js';
import {type QueuedJob, queuedJobs, type SlurmJob, stillQueued, writeJobs} from './slurm_jobs.js';
import {
  LOGS_FOLDER,
  SLURM_FOLDER,
  type SlurmResources,
  type SlurmScene,
  type SlurmSettings,
  slurmScript,
} from './slurm_script.js';
import {listName, listText, type StepList, stepLists} from './step_list.js';
import {shellWord} from './words.js';

/** Between two looks at the queue. */
const POLL_MS = 3_000;
/** Slurm's own default, where it does not tell. */
const USUAL_ARRAY_SIZE = 1001;

/**
 * A job array for each stage. A later stage begins when the jobs of the earlier one have ended, however they did: a step
 * whose victim failed says so itself, while `afterok` of the whole array would keep the defenses of all the other
 * victims from ever beginning.
 */
export const slurmEngine: SweepEngine = {
  preview(sweep: OpenSweep): string {
    const size = settingsOf(sweep).maxArraySize ?? USUAL_ARRAY_SIZE;
    const lists = stepLists(idleSteps(sweep), size);
    const scripts = lists.map((list) => {
      return `# ${inFolder(sweep, `${listName(list)}.sh`)}\n${scriptOf(sweep, list)}`;
    });
    return scripts.join('\n');
  },

  async run(sweep: OpenSweep, run: EngineRun): Promise<EngineOutcome> {
    const settings = settingsOf(sweep);
    const before = await queuedJobs(sweep.folder, run.signal);
    const size = settings.maxArraySize ?? (await clusterArraySize(run.signal));
    const left = withoutQueued(idleSteps(sweep), before, run);
    const scripts = stepLists(left, size).map((list) => ({list, text: scriptOf(sweep, list)}));
    await run.begin();
    await mkdir(join(sweep.folder, SLURM_FOLDER), {recursive: true});
    await mkdir(join(sweep.folder, LOGS_FOLDER), {recursive: true});
    const jobs = await submit(sweep, scripts, before, run.signal);
    if (settings.wait) {
      await waitForEnd(sweep, jobs, run);
      return {kind: 'finished'};
    }
    const ids = jobs.map(({id}) => id);
    const list = ids.length === 0 ? 'no job that is new' : `the jobs ${ids.join(', ')}`;
    const message = `Slurm has ${list}: squeue shows them, scancel ends them.`;
    return {kind: 'submitted', jobs: ids, message};
  },
};

function settingsOf({settings}: OpenSweep): SlurmSettings {
  return settings as unknown as SlurmSettings;
}

function sceneOf({folder, file}: OpenSweep): SlurmScene {
  const program = join(packageRoot(), 'dist', 'bin', 'sau-native.js');
  return {folder, name: file.name, command: [process.execPath, program].map(shellWord).join(' ')};
}

function scriptOf(sweep: OpenSweep, list: StepList): string {
  const resources = sweep.resources[list.kind] as unknown as SlurmResources;
  return slurmScript(sceneOf(sweep), list, settingsOf(sweep), resources);
}

function inFolder({folder}: OpenSweep, name: string): string {
  return join(folder, SLURM_FOLDER, name);
}

/** Steps that no job of an earlier call is going to do. */
function withoutQueued(
  steps: readonly SweepStep[],
  jobs: readonly QueuedJob[],
  {onProgress}: EngineRun,
): readonly SweepStep[] {
  const left = steps.filter(({id}) => !jobs.some(({queued}) => queued.has(id)));
  const count = steps.length - left.length;
  const what = count === 1 ? 'the job of 1 step' : `the jobs of ${count} steps`;
  const message = `Slurm has ${what} already: none is submitted again`;
  if (count > 0) onProgress({kind: 'note', message});
  return left;
}

/** The size of the largest array that the cluster takes. */
async function clusterArraySize(signal: AbortSignal): Promise<number> {
  const purpose = 'tell the largest job array';
  const config = await callScheduler('scontrol', ['show', 'config'], {purpose, signal});
  const size = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1]);
  return size > 0 ? size : USUAL_ARRAY_SIZE;
}

/** Submits arrays, each after those of earlier stages. Returns all jobs of the sweep that Slurm has. */
async function submit(
  sweep: OpenSweep,
  scripts: readonly {readonly list: StepList; readonly text: string}[],
  before: readonly SlurmJob[],
  signal: AbortSignal,
): Promise<readonly SlurmJob[]> {
  const jobs = [...before];
  for (const {list, text} of scripts) {
    signal.throwIfAborted(); // not within a call: Slurm may have the job already
    const script = inFolder(sweep, `${listName(list)}.sh`);
    await writeWholeFile(inFolder(sweep, `${listName(list)}.txt`), listText(list));
    await writeWholeFile(script, text);
    const earlier = jobs.filter(({stage}) => stage < list.stage).map(({id}) => id);
    const after = earlier.length === 0 ? [] : [`--dependency=afterany:${earlier.join(':')}`];
    const id = await submitted(script, after, jobs);
    jobs.push({id, stage: list.stage, steps: list.ids});
    await writeJobs(sweep.folder, jobs);
  }
  return jobs;
}

/** Slurm's number of a job that it has taken. Throws ERR_CONFIG with Slurm's words, and what it has taken before. */
async function submitted(
  script: string,
  args: readonly string[],
  jobs: readonly SlurmJob[],
): Promise<string> {
  try {
    const purpose = `submit ${script}`;
    const said = await callScheduler('sbatch', ['--parsable', ...args, script], {purpose});
    return said.trim().split(';')[0] ?? '';
  } catch (error) {
    if (jobs.length === 0 || !(error instanceof SauError)) throw error;
    const ids = jobs.map(({id}) => id);
    throw new SauError(error.code, messageOf(error), {
      cause: error,
      remedy: `Slurm has the jobs ${ids.join(', ')} of this sweep already: they go on.`,
      details: {...error.details, jobs: ids},
    });
  }
}

/** Waits until Slurm has none of the jobs any more, and tells how many steps are done. Stopped, it leaves the jobs alone. */
async function waitForEnd(
  {folder, file}: OpenSweep,
  jobs: readonly SlurmJob[],
  {signal, onProgress}: EngineRun,
): Promise<void> {
  let told = '';
  for (let queued = jobs; ; ) {
    const {counts} = await statusOf(folder, file.steps);
    const {done, total, failed, running} = counts;
    const message = `${done} of ${total} steps done, ${running} running, ${failed} failed`;
    if (message !== told) onProgress({kind: 'note', message});
    told = message;
    if (queued.length === 0) return;
    await pause(POLL_MS, undefined, {signal}).catch(() => signal.throwIfAborted());
    queued = await stillQueued(queued, signal);
  }
}
