import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {z} from 'zod';
import {errnoOf, messageOf, SauError} from '../base/errors.js';
import {DATA} from '../options/commands/common.js';
import {named} from '../options/named.js';
import {valueRule} from '../options/schema.js';
import type {ChannelConstants} from '../options/types.js';
import {RECORD} from './layout.js';

export interface RecordNotes {
  readonly mean: ChannelConstants;
  readonly std: ChannelConstants;
}

const schema = z.object({mean: valueRule(DATA.mean), std: valueRule(DATA.std)});

/** The notes of a record folder; null if it has none. Throws ERR_CHECKPOINT for a file with other contents. */
export async function readRecordNotes(folder: string): Promise<RecordNotes | null> {
  const path = join(folder, RECORD.notes);
  const refuse = (why: string, cause?: unknown): SauError =>
    new SauError('ERR_CHECKPOINT', `Expected the notes of a record at ${path} but ${why}.`, {
      cause,
      remedy: `Give ${named('mean')} and ${named('std')}, which are used in their place, or copy the record folder again.`,
      details: {path},
    });
  let notes: unknown;
  try {
    notes = JSON.parse(await readFile(path, 'utf8'));
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
