import {join} from 'node:path';
import {z} from 'zod';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {readText} from '../base/read_text.js';
import {NO_TRANSFORM, type TransformOptions} from '../datasets/transform.js';
import {DATA} from '../options/commands/common.js';
import {named} from '../options/named.js';
import {valueRule} from '../options/schema.js';
import type {ChannelConstants} from '../options/types.js';
import {RECORD} from './layout.js';

export interface RecordNotes {
  readonly mean: ChannelConstants;
  readonly std: ChannelConstants;
}

const scaleSchema = z.object({mean: valueRule(DATA.mean), std: valueRule(DATA.std)});

/** Records of an earlier version do not say how their pictures were brought to size: there was one way. */
const transformSchema = z.object({
  resize: valueRule(DATA.resize).nullable().default(NO_TRANSFORM.resize),
  crop: valueRule(DATA.crop).nullable().default(NO_TRANSFORM.crop),
  interpolation: valueRule(DATA.interpolation).nullable().default(NO_TRANSFORM.interpolation),
});

/** The notes of a record folder; null if it has none. Throws ERR_CHECKPOINT for a file with other contents. */
export function readRecordNotes(folder: string): Promise<RecordNotes | null> {
  return readNotes(folder, scaleSchema);
}

/** How the images of a record were brought to size; null if it has no notes. Throws as {@link readRecordNotes}. */
export function readRecordTransform(folder: string): Promise<TransformOptions | null> {
  return readNotes(folder, transformSchema);
}

async function readNotes<T>(folder: string, schema: z.ZodType<T>): Promise<T | null> {
  const path = join(folder, RECORD.notes);
  const refuse = (why: string, cause?: unknown): SauError =>
    new SauError('ERR_CHECKPOINT', `Expected the notes of a record at ${path} but ${why}.`, {
      cause,
      remedy: `Give ${named('mean')} and ${named('std')}, which are used in their place, or copy the record folder again.`,
      details: {path},
    });
  let notes: unknown;
  try {
    notes = JSON.parse(await readText(path));
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return null;
    throw refuse(messageOf(cause), cause);
  }
  const parsed = schema.safeParse(notes);
  if (parsed.success) return parsed.data;
  const [
    {
      path: [name],
      message,
    } = {path: [], message: ''},
  ] = parsed.error.issues;
  throw refuse(
    name === undefined
      ? 'it is no map of names to values'
      : `its ${String(name)} is not ${message}`,
  );
}
