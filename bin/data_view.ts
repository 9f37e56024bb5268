import {execFile} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {createInterface} from 'node:readline/promises';
import {promisify} from 'node:util';
import {SauError} from '../lib/base/errors.js';
import type {FetchPlan} from '../lib/data/plan.js';
import type {FetchResult} from '../lib/data.js';
import {type FetchHint, fetchHintOf, usualPlaceOf} from '../lib/datasets/fetch_hint.js';
import {FETCHED_NAMES, KNOWN} from '../lib/datasets/known.js';
import {sizeOf} from '../lib/download/disk.js';
import type {UserOptions} from '../lib/options/parse.js';
import type {DefendConfig} from '../lib/options/types.js';
import {inSandbox} from '../lib/sandbox/state.js';
import {alignColumns} from './output.js';
import {withSetupView} from './setup_view.js';

/** Fetches a data set with its progress on stderr, after what it is going to do. */
export async function fetchWithView(quiet: boolean, options: UserOptions): Promise<FetchResult> {
  const {parseFetchConfig} = await import('../lib/options/config.js');
  const config = parseFetchConfig(options);
  const {planFetch} = await import('../lib/data/plan.js');
  const {carryOutFetch} = await import('../lib/data.js');
  const plan = await planFetch(config);
  if (plan.present === null && !quiet) process.stderr.write(`${planTable(plan)}\n`);
  return withSetupView(quiet, (run) => carryOutFetch(plan, run));
}

/** What is fetched, from where, how much and to where. */
function planTable({title, source, archives, destination}: FetchPlan): string {
  const bytes = archives.reduce((sum, {archive}) => sum + archive.bytes, 0);
  const isLocal = archives.every((each) => each.isLocal);
  return alignColumns(
    [
      ['data set', `${title} (${source.page} has its terms of use)`],
      [
        'size',
        `about ${sizeOf(bytes)} ${isLocal ? 'packed' : 'to fetch'}, ${sizeOf(source.bytes)} on disk`,
      ],
      ['to', destination],
    ],
    'left',
  );
}

/**
 * Does work that needs a data set. Where the data set is missing and could be fetched, the user is asked on a
 * terminal, and after a yes the work begins anew.
 */
export async function offeringData<T>(values: UserOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const hint = error instanceof SauError ? (error.details.fetch as FetchHint | undefined) : null;
    if (!hint || !mayAsk(values)) throw error;
    if (!(await agrees(hint))) throw error;
    await fetchWithView(false, {...hint});
    return work();
  }
}

/**
 * Offers the data set that is missing in a folder, as {@link offeringData} does, before the sandbox, which has no
 * network.
 */
export async function offerMissingData(values: UserOptions, folder: string): Promise<void> {
  if (!mayAsk(values)) return;
  const hint = existsSync(folder) ? null : fetchHintOf(folder);
  if (hint === null) return;
  hasAsked = true;
  if (await agrees(hint)) await fetchWithView(false, {...hint});
}

/**
 * Offers the data set that a model's images come from, as {@link offerMissingData} does. Only its record knows which that
 * is, and a record may be a stranger's: an `inspect` in a sandbox of its own reads it, and only where no known data
 * set lies beside it.
 */
export async function offerDataOfModel(
  values: UserOptions,
  {ckpt, clean, data}: Pick<DefendConfig, 'ckpt' | 'clean' | 'data'>,
): Promise<void> {
  const {parseCleanSpec} = await import('../lib/datasets/clean_subset.js');
  if (!mayAsk(values) || parseCleanSpec(clean).kind === 'folder') return;
  if (data !== null) return offerMissingData(values, data);
  const {placesOfData, recordOfModel} = await import('../lib/sandbox/needs.js');
  const places = placesOfData(ckpt);
  if (FETCHED_NAMES.some((name) => places.some((place) => existsSync(join(place, name))))) return;
  const inspection = await inspected(recordOfModel(ckpt));
  if (!inspection?.record) return;
  const folder = usualPlaceOf({path: inspection.path, ...inspection.record});
  if (folder !== null) await offerMissingData(values, folder);
}

/** What an inspection says of the images. */
interface Inspected {
  readonly path: string;
  readonly record?: {readonly datasetName: string} | null;
}

/** null where it cannot be inspected: whoever loads it says why. */
async function inspected(path: string): Promise<Inspected | null> {
  const program = [...process.execArgv, process.argv[1] ?? ''];
  try {
    const options = {maxBuffer: 2 ** 28};
    const run = promisify(execFile);
    const {stdout} = await run(process.execPath, [...program, 'inspect', path, '--json'], options);
    return JSON.parse(stdout) as Inspected;
  } catch {
    return null;
  }
}

let hasAsked = false;

/** There is nobody to ask without a terminal, and nothing to fetch with in the sandbox: the error names the command. */
function mayAsk({json, quiet}: UserOptions): boolean {
  if (json === true || quiet === true || inSandbox() || hasAsked) return false;
  const streams = [process.stdin, process.stdout, process.stderr];
  return streams.every((stream) => stream.isTTY) && !process.env.CI;
}

async function agrees({dataset, out}: FetchHint): Promise<boolean> {
  const {title, source} = KNOWN[dataset];
  const bytes = source.archives.reduce((sum, archive) => sum + archive.bytes, 0);
  const terminal = createInterface({input: process.stdin, output: process.stderr});
  try {
    const question = `${title} is not there. Fetch it to ${out} now (about ${sizeOf(bytes)})? [y/N] `;
    return /^\s*y(es)?\s*$/i.test(await terminal.question(question));
  } finally {
    terminal.close();
  }
}
