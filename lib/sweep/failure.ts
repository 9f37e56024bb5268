import {mkdir, rm} from 'node:fs/promises';
import {dirname} from 'node:path';
import {z} from 'zod';
import {messageOf, SauError, type SauErrorCode} from '../base/errors.js';
import {readText} from '../base/read_text.js';
import {writeWholeFile} from '../base/whole_file.js';
import {sweepFailure} from '../records/layout.js';
import {SCHEMA_VERSION} from '../records/schema_version.js';

/** Why a step of a sweep has no result. */
export interface StepFailure {
  /** One of {@link ERROR_CODES}, or ERR_UNEXPECTED. */
  readonly code: string;
  /** In words. */
  readonly message: string;
}

/** Why the last try of a step failed. */
export interface RecordedFailure extends StepFailure {
  /** When, in ISO 8601. */
  readonly when: string;
}

/** `failures/<id>.json` in the folder of a sweep: why the last try of a step failed. */
export interface FailureFile extends RecordedFailure {
  /** Version of this form. */
  readonly schemaVersion: typeof SCHEMA_VERSION;
  /** The step. */
  readonly id: string;
}

const schema = z.object({code: z.string(), message: z.string(), when: z.string()});

/** An error as a step's failure. */
export function failureOf(error: unknown): StepFailure {
  const code = error instanceof SauError ? error.code : 'ERR_UNEXPECTED';
  return {code, message: messageOf(error)};
}

const OF_ALL: ReadonlySet<string> = new Set<SauErrorCode>([
  ...(['ERR_DEVICE', 'ERR_LIBTORCH_NOT_FOUND', 'ERR_LIBTORCH_VERSION', 'ERR_OUTPUT'] as const),
]);

/** Whether a failure concerns every step on that machine, whatever the method: the step itself may be right. */
export function concernsAll({code}: Pick<StepFailure, 'code'>): boolean {
  return OF_ALL.has(code);
}

/** Notes that a step failed, now. Throws ERR_OUTPUT. */
export async function writeFailure(
  folder: string,
  id: string,
  failure: StepFailure,
): Promise<void> {
  const path = sweepFailure(folder, id);
  const {code, message} = failure;
  const when = new Date().toISOString();
  const file: FailureFile = {schemaVersion: SCHEMA_VERSION, id, code, message, when};
  await mkdir(dirname(path), {recursive: true});
  await writeWholeFile(path, `${JSON.stringify(file, null, 2)}\n`);
}

/** Forgets that a step failed, as it is tried again. */
export async function forgetFailure(folder: string, id: string): Promise<void> {
  await rm(sweepFailure(folder, id), {force: true});
}

/** Why the last try of a step failed; null where it did not. A damaged file says so itself. */
export async function readFailure(folder: string, id: string): Promise<RecordedFailure | null> {
  const path = sweepFailure(folder, id);
  const text = await readText(path).catch(() => null);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    const message = `it failed; ${path}, which tells why, is damaged`;
    return {code: 'ERR_UNEXPECTED', message, when: new Date(0).toISOString()};
  }
}
