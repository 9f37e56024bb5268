import {accessSync, closeSync, constants, existsSync, openSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import {errnoOf, SauError} from '../base/errors.js';
import {inSandbox} from './state.js';

/** What the sandbox refused. */
interface Refusal {
  readonly path: string;
  readonly act: 'read' | 'write';
}

/** The error with what to do about it, where the sandbox led to it; any other unchanged. */
export function explained(error: unknown): unknown {
  if (!inSandbox() || !(error instanceof SauError)) return error;
  const refusal = refusalOf(error);
  if (refusal === null) return error;
  const {path, act} = refusal;
  const remedy =
    act === 'read'
      ? 'Name it with an option such as --data, list it in SAU_NATIVE_SANDBOX_READ if you trust it, or set --sandbox to off.'
      : 'Name a folder for results with --out, or set --sandbox to off.';
  return new SauError(
    error.code,
    `${error.message.replace(/(?<=\w)$/, '.')} The sandbox does not let this command ${act} ${path}.`,
    {cause: error, remedy, details: {...error.details, refused: path}},
  );
}

function refusalOf(error: SauError): Refusal | null {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause) {
    depth += 1;
    if (!REFUSED.test(errnoOf(at) ?? '')) continue;
    for (const path of pathsOf(at)) {
      if (isUnreadable(path)) return {path: resolve(path), act: 'read'};
      if (isWritable(path)) return {path: resolve(path), act: 'write'};
    }
  }
  // A record's own rule, which holds without a sandbox as well.
  if ('outside' in error.details) return null;
  // Some errors only say what they looked for.
  const named = Object.values(error.details).filter((value) => typeof value === 'string');
  const path = named.find((value) => value.startsWith('/') && isUnreadable(value));
  return path === undefined ? null : {path, act: 'read'};
}

/** Landlock's, seccomp's, and Landlock's for a move between folders. */
const REFUSED = /^(EACCES|EPERM|EXDEV)$/;

function pathsOf(error: Error): string[] {
  const {path, dest} = error as NodeJS.ErrnoException & {dest?: unknown};
  return [path, dest].filter((value): value is string => typeof value === 'string');
}

/** Whether the permissions, which a sandbox does not change, let this user write a file or make it. */
function isWritable(path: string): boolean {
  let there = resolve(path);
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
  return may(there, constants.W_OK);
}

/** Whether a file may be read by its permissions and yet cannot be opened. */
function isUnreadable(path: string): boolean {
  if (!existsSync(path) || !may(path, constants.R_OK)) return false;
  try {
    closeSync(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    return errnoOf(error) === 'EACCES';
  }
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
