import {join} from 'node:path';
import {SauError} from '../base/errors.js';
import {pathExists} from '../base/path_exists.js';
import {unreadableFile} from '../checkpoint/checkpoint_error.js';
import {requireLibTorch} from '../native/binding.js';
import type {DEVICE} from '../options/commands/common.js';
import {parseDefendConfig} from '../options/config.js';
import type {ConfigOf} from '../options/option.js';
import {optionsOfRun} from '../options/tables.js';
import type {DefendConfig} from '../options/types.js';
import {readWeights} from '../programs/read_weights.js';
import {type Evidence, readEvidence, writeEvidence} from '../records/evidence.js';
import {RECORD, recordAbove} from '../records/layout.js';
import {sha256OfFile} from '../records/run.js';
import type {RunFile, RunSummary} from '../records/run_summary.js';
import type {RunOptions} from '../run/progress.js';
import {createSession} from '../session/open_session.js';
import {openTarget} from '../target/target.js';
import {loadTestSets, setTestSets} from '../target/test_sets.js';
import {collectEvidence} from './collect.js';

/** How evidence is computed where it is not there yet. */
export interface EvidenceOptions extends ConfigOf<typeof DEVICE> {
  /** Whether it is. */
  readonly evidence: boolean;
  /** The folder of the data set, where it is no longer where the run had it; null: it is. */
  readonly data: string | null;
}

/** The evidence of a run, or why there is none. */
export type FoundEvidence =
  | {readonly evidence: Evidence; readonly missing: readonly string[]}
  | {readonly evidence: null; readonly missing: readonly string[]};

/** Whatever the run: the user asked for what cannot be. */
const OF_THE_CALL: ReadonlySet<string> = new Set(['ERR_DEVICE', 'ERR_ABORTED']);
const WHAT = 'Images, classes, Grad-CAM and the map of features';

/**
 * The evidence in a run's folder, else computed from the checkpoint and the data that the run names, and kept
 * there. What keeps it from that is told in words. Throws ERR_DEVICE; rejects with `signal.reason` when aborted.
 */
export async function openEvidence(
  folder: string,
  summary: RunSummary,
  options: EvidenceOptions,
  run: RunOptions,
): Promise<FoundEvidence> {
  const none = (why: string): FoundEvidence => ({evidence: null, missing: [`${WHAT}: ${why}`]});
  const {checkpoint, result} = summary;
  if (summary.kind === 'attack') return {evidence: null, missing: []};
  if (checkpoint?.sha256 == null || result?.sha256 == null) {
    return none('an older version wrote this run and did not note of which files it is.');
  }
  const of = {checkpoint: checkpoint.sha256, result: result.sha256};
  const kept = await readEvidence(folder, of);
  if (kept !== null) return {evidence: kept, missing: []};
  if (!options.evidence) return none('they were not asked for.');
  try {
    const before = await checkpointOf(folder, checkpoint);
    const after = join(folder, result.path);
    await requireSame(after, result);
    const evidence = await computed({before, after, of}, summary, options, run);
    const unkept = await keep(folder, evidence);
    return {evidence, missing: unkept};
  } catch (error) {
    run.signal?.throwIfAborted();
    if (!(error instanceof SauError) || OF_THE_CALL.has(error.code)) throw error;
    return none(`they could not be computed. ${error.message}`);
  }
}

/** A folder that may not be written only costs the computation another time. */
async function keep(folder: string, evidence: Evidence): Promise<string[]> {
  try {
    await writeEvidence(folder, evidence);
    return [];
  } catch (error) {
    if (error instanceof SauError) return [`A copy for the next report: ${error.message}`];
    throw error;
  }
}

/** Where the run had the checkpoint, or in the record that the run's folder lies in. Throws ERR_CHECKPOINT. */
async function checkpointOf(folder: string, file: RunFile): Promise<string> {
  const above = join(recordAbove(folder), RECORD.result);
  for (const path of [file.path, above]) {
    if (!(await pathExists(path))) continue;
    if ((await sha256Of(path)) === file.sha256) return path;
  }
  await requireSame(file.path, file);
  return file.path;
}

/** Throws ERR_CHECKPOINT for a file that is not there, or not as it was. */
async function requireSame(path: string, {sha256}: RunFile): Promise<void> {
  const isThere = await pathExists(path);
  if (isThere && (await sha256Of(path)) === sha256) return;
  throw new SauError(
    'ERR_CHECKPOINT',
    `Expected the file that the run had at ${path} but ${isThere ? 'it has changed since' : 'there is none'}.`,
    {remedy: 'Copy it there again, or run the defense again.', details: {path}},
  );
}

/** Throws ERR_CHECKPOINT for a file that cannot be read. */
function sha256Of(path: string): Promise<string> {
  return sha256OfFile(path).catch((cause: unknown) => {
    throw unreadableFile(path, cause);
  });
}

interface Files {
  readonly before: string;
  readonly after: string;
  readonly of: Evidence['of'];
}

async function computed(
  {before, after, of}: Files,
  summary: RunSummary,
  options: EvidenceOptions,
  run: RunOptions,
): Promise<Evidence> {
  await requireLibTorch();
  run.onProgress?.({kind: 'stage', message: 'reading the models and the images for the report'});
  const config = configOf(before, summary, options);
  const target = await openTarget(config, run);
  const sets = await loadTestSets(target, config.testLimit, run);
  const {device, threads, precision, evalPrecision, deterministic} = options;
  using session = await createSession({
    ...{...target, seed: config.seed},
    ...{device, threads, precision, evalPrecision, deterministic},
  });
  await session.loadStateDict(target.weights.take(), 'reference');
  const read = await readWeights(after);
  await session.loadStateDict(read.stateDict, 'trainee');
  await setTestSets(session, sets);
  const {numClasses} = target;
  return await collectEvidence({session, sets, numClasses, config, of}, run);
}

/** The options of the run, which are resolved: given again, they give the same images. Throws ERR_CONFIG. */
function configOf(ckpt: string, summary: RunSummary, {data}: EvidenceOptions): DefendConfig {
  const {options, method, dataset} = summary;
  const table = optionsOfRun('defend', method);
  // The rounds that were resolved are an option of some methods alone.
  const own = Object.entries(options).filter(([name]) => name in table);
  return parseDefendConfig({
    ...Object.fromEntries(own),
    ...{method, ckpt, out: null},
    data: data ?? options.data ?? dataset.path,
  });
}
