import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {listOf} from '../base/first_fault.js';
import {readText} from '../base/read_text.js';
import {removeFiles, writeWholeFile} from '../base/whole_file.js';
import {filesOf} from '../defenses/defenses.js';
import {named} from '../options/named.js';
import {shown} from '../options/parse.js';
import {removeDefenseState} from '../records/defense_state.js';
import {COMPARISON, comparedRun} from '../records/layout.js';
import {readRun} from '../records/run.js';
import {firstIssue} from '../records/run_schema.js';
import type {RunSummary} from '../records/run_summary.js';
import {SCHEMA_VERSION, withSchemaVersion} from '../records/schema_version.js';
import type {PlannedRun} from './config.js';

const runSchema = z.object({
  method: z.string(),
  seed: z.number(),
  /** As they were given, before anything was resolved. */
  options: z.record(z.string(), z.unknown()),
  /** Why it has no result; null where it has one, or was not begun. */
  failure: z.object({code: z.string(), message: z.string()}).nullable(),
});

const planSchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  checkpoint: z.object({path: z.string(), sha256: z.string()}),
  runs: listOf(runSchema),
});

/** A run of a comparison as compare.json has it. */
export type PlanRun = z.infer<typeof runSchema>;
/** compare.json: what a comparison consists of. The results are in the folders of the runs. */
export type Plan = z.infer<typeof planSchema>;

/** Options that no result depends on, or that name what is compared by other means. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...['ckpt', 'recordRoot', 'out', 'force', 'report', 'resume', 'saveEvery'],
]);

interface Asked {
  readonly checkpoint: Plan['checkpoint'];
  readonly runs: readonly PlannedRun[];
  /** Whether nothing that is there counts. */
  readonly force: boolean;
}

/**
 * Begins a comparison in a folder or goes on with the one that it has: writes compare.json, and removes what is there of runs
 * that have to be done anew. Runs that are there and not asked for stay. Throws ERR_CONFIG where the folder has
 * results of another checkpoint or of other options, ERR_OUTPUT where it is no comparison's.
 */
export async function openPlan(folder: string, {checkpoint, runs, force}: Asked): Promise<Plan> {
  const earlier = force ? null : await readPlan(folder);
  if (!force && earlier === null) await requireEmpty(folder);
  if (earlier !== null) requireCheckpoint(folder, earlier, checkpoint);
  const isAsked = ({method, seed}: PlanRun): boolean =>
    runs.some((run) => run.method === method && run.seed === seed);
  const plan: Plan = {
    schemaVersion: SCHEMA_VERSION,
    checkpoint,
    runs: [
      ...runs.map(({method, seed, options}) => ({method, seed, options, failure: null})),
      ...(earlier?.runs ?? []).filter((run) => !isAsked(run)),
    ],
  };
  for (const run of plan.runs.slice(0, runs.length)) {
    const before = earlier?.runs.find((one) => one.method === run.method && one.seed === run.seed);
    const difference = before === undefined ? [] : differencesOf(before.options, run.options);
    const isDone = before !== undefined && (await resultOf(folder, run)) !== null;
    if (isDone && difference.length === 0) continue;
    if (isDone) throw otherOptions(folder, run, before, difference);
    const {method, seed} = run;
    const place = comparedRun(folder, method, seed);
    await removeFiles(place, filesOf(method));
    // One that was interrupted goes on.
    if (before === undefined || difference.length > 0) await removeDefenseState(place);
  }
  await writePlan(folder, plan);
  return plan;
}

export async function writePlan(folder: string, plan: Plan): Promise<void> {
  await writeWholeFile(join(folder, COMPARISON.summary), `${JSON.stringify(plan, null, 2)}\n`);
}

/** The plan of a folder; null where there is none. Throws ERR_CHECKPOINT where it is damaged. */
export async function readPlan(folder: string): Promise<Plan | null> {
  const path = join(folder, COMPARISON.summary);
  const damaged = (cause: unknown): SauError =>
    new SauError(
      'ERR_CHECKPOINT',
      `Expected the runs of a comparison at ${path} but it is damaged.`,
      {
        cause,
        remedy: `Copy the folder again, or set ${named('force')} to start anew.`,
        details: {path, why: messageOf(cause)},
      },
    );
  const text = await readText(path).catch((cause: unknown) => {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw damaged(cause);
  });
  if (text === null) return null;
  let content: unknown;
  try {
    content = withSchemaVersion(JSON.parse(text));
  } catch (cause) {
    throw damaged(cause);
  }
  const parsed = planSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw damaged(firstIssue(parsed.error));
}

/** What a run came to; null where it has no result, or one of fewer rounds. */
export async function resultOf(
  folder: string,
  {method, seed}: Pick<PlanRun, 'method' | 'seed'>,
): Promise<RunSummary | null> {
  const summary = await readRun(comparedRun(folder, method, seed)).catch(() => null);
  return summary === null || summary.interrupted ? null : summary;
}

/** Options of a comparison are JSON, and those of a plan have been that. */
function differencesOf(before: PlanRun['options'], now: PlanRun['options']): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  // What a plan of an older version did not have yet was not set.
  const text = (of: PlanRun['options'], name: string) => JSON.stringify(of[name] ?? null);
  const same = (name: string) => text(before, name) === text(now, name);
  return names.filter((name) => !ELSEWHERE.has(name) && !same(name));
}

function otherOptions(
  folder: string,
  {method, seed, options}: PlanRun,
  before: PlanRun,
  different: readonly string[],
): SauError {
  const list = (of: PlanRun['options']): string =>
    different.map((name) => `${named(name)} ${shown(of[name])}`).join(', ');
  return new SauError(
    'ERR_CONFIG',
    `Expected the options of the comparison in ${folder}, for ${method} with seed ${seed} ${list(before.options)}, ` +
      `but received ${list(options)}.`,
    {
      remedy: `Set ${named('out')} to another folder, or ${named('force')} to start anew.`,
      details: {folder, method, seed, different},
    },
  );
}

function requireCheckpoint(folder: string, earlier: Plan, now: Plan['checkpoint']): void {
  if (earlier.checkpoint.sha256 === now.sha256) return;
  throw new SauError(
    'ERR_CONFIG',
    `Expected the checkpoint of the comparison in ${folder}, as ${earlier.checkpoint.path} was, but received ${now.path}, ` +
      'which has other contents.',
    {
      remedy: `Set ${named('out')} to another folder, or ${named('force')} to start anew.`,
      details: {folder, expected: earlier.checkpoint, received: now},
    },
  );
}

async function requireEmpty(folder: string): Promise<void> {
  const [first] = (await readdir(folder)).filter((name) => !name.startsWith('.'));
  if (first === undefined) return;
  throw new SauError(
    'ERR_OUTPUT',
    `Expected an empty folder or that of a comparison at ${folder} but found ${first} there.`,
    {
      remedy: `Set ${named('out')} to another folder.`,
      details: {folder, found: first},
    },
  );
}
