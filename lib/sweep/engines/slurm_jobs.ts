import {userInfo} from 'node:os';
import {join} from 'node:path';
import {z} from 'zod';
import {listOf} from '../../base/first_fault.js';
import {readText} from '../../base/read_text.js';
import {writeWholeFile} from '../../base/whole_file.js';
import {SCHEMA_VERSION} from '../../records/schema_version.js';
import {callScheduler} from './scheduler.js';
import {SLURM_FOLDER} from './slurm_script.js';

// Which job arrays were submitted for a sweep, and which of their jobs Slurm still has.

const jobSchema = z.object({id: z.string(), stage: z.number(), steps: listOf(z.string())});
const fileSchema = z.object({schemaVersion: z.literal(SCHEMA_VERSION), jobs: listOf(jobSchema)});

/** A job array that was submitted. */
export interface SlurmJob {
  /** Slurm's number of the array. */
  readonly id: string;
  readonly stage: number;
  /** The ids of its steps: the place of each is the number of its job in the array. */
  readonly steps: readonly string[];
}

/** A job array of which Slurm has jobs that wait or run. */
export interface QueuedJob extends SlurmJob {
  /** The ids of the steps whose jobs wait or run. */
  readonly queued: ReadonlySet<string>;
}

/** The jobs that the last calls submitted; none where there were none, or the file is damaged. */
async function submittedJobs(folder: string): Promise<readonly SlurmJob[]> {
  const text = await readText(pathOf(folder)).catch(() => '');
  try {
    return fileSchema.parse(JSON.parse(text)).jobs;
  } catch {
    return [];
  }
}

/** Notes the jobs that Slurm has. Throws ERR_OUTPUT. */
export async function writeJobs(folder: string, jobs: readonly SlurmJob[]): Promise<void> {
  const plain = jobs.map(({id, stage, steps}) => ({id, stage, steps}));
  const file = {schemaVersion: SCHEMA_VERSION, jobs: plain};
  await writeWholeFile(pathOf(folder), `${JSON.stringify(file)}\n`);
}

function pathOf(folder: string): string {
  return join(folder, SLURM_FOLDER, 'jobs.json');
}

/** The job arrays of a sweep of which Slurm has jobs that wait or run. Throws ERR_CONFIG without Slurm. */
export async function queuedJobs(
  folder: string,
  signal: AbortSignal,
): Promise<readonly QueuedJob[]> {
  return stillQueued(await submittedJobs(folder), signal);
}

/** Those of some job arrays of which Slurm has jobs that wait or run. Throws ERR_CONFIG without Slurm. */
export async function stillQueued(
  jobs: readonly SlurmJob[],
  signal: AbortSignal,
): Promise<readonly QueuedJob[]> {
  if (jobs.length === 0) return [];
  const args = ['--noheader', '--array', '--format=%F %K', `--user=${userName()}`];
  const queue = await callScheduler('squeue', args, {purpose: 'list jobs', signal});
  const there = new Set(queue.split('\n').map((line) => line.trim().replace(/\s+/g, ' ')));
  return jobs.flatMap((job) => {
    const queued = new Set(job.steps.filter((_, i) => there.has(`${job.id} ${i}`)));
    return queued.size === 0 ? [] : [{...job, queued}];
  });
}

/** Slurm takes a name or a number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
