import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {join} from 'node:path';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {localPath} from '../base/path_exists.js';
import {readText} from '../base/read_text.js';
import {writeWholeFile} from '../base/whole_file.js';
import {RUN} from './layout.js';
import {readOlderRun} from './older_run.js';
import {damagedRun, firstIssue, runSchema} from './run_schema.js';
import type {RunSummary} from './run_summary.js';
import {SCHEMA_VERSION, schemaVersionOf, withSchemaVersion} from './schema_version.js';

/** Writes a run's summary into its folder, whole or not at all. Returns its path. Throws ERR_OUTPUT. */
export async function writeRun(folder: string, summary: RunSummary): Promise<string> {
  const path = join(folder, RUN.summary);
  await writeWholeFile(path, `${JSON.stringify(summary, null, 2)}\n`);
  return path;
}

/**
 * Opens the folder of a finished `defend` or `attack` again: its summary, also where an older version of this
 * package wrote the folder, which had none yet (what it did not note is null then).
 *
 * @throws SauError ERR_CHECKPOINT where the folder is no run, its summary is damaged or a newer version wrote it.
 * @example
 * const {before, after, rounds} = await readRun('record/badnet_demo/defense/sau');
 * console.log(before?.asr, after?.asr, rounds.map(({figures}) => figures.loss));
 */
export async function readRun(folder: string): Promise<RunSummary> {
  const path = join(localPath(folder), RUN.summary);
  let content: unknown;
  try {
    content = withSchemaVersion(JSON.parse(await readText(path)));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return readOlderRun(folder);
    throw damagedRun(path, messageOf(cause), cause);
  }
  refuseNewer(path, content);
  const parsed = runSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw damagedRun(path, firstIssue(parsed.error).message);
}

function refuseNewer(path: string, content: unknown): void {
  const schemaVersion = schemaVersionOf(content);
  if (schemaVersion === null || schemaVersion <= SCHEMA_VERSION) return;
  throw new SauError(
    'ERR_CHECKPOINT',
    `Expected the summary of a run of schemaVersion ${SCHEMA_VERSION} at ${path} but it has schemaVersion ${schemaVersion}.`,
    {
      remedy: 'A newer version of sau-native wrote it: install that version to read it.',
      details: {path, schemaVersion},
    },
  );
}

/** SHA-256 of a file in hex. Reads it piece by piece. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, {highWaterMark: 1 << 20})) hash.update(piece);
  return hash.digest('hex');
}
