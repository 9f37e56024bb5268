import {errnoOf, messageOf, SauError} from '../base/errors.js';

const DAMAGED = 'the file may be truncated or damaged: copy or download it again';

/**
 * Says what is wrong and what to do. The readers of this folder throw it, because they do not know the file's name.
 */
export class FormatError extends Error {
  constructor(
    message: string,
    readonly advice = DAMAGED,
    /** Facts for programs. */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** The bytes end before what they hold does. */
export class ShortFile extends FormatError {}

/** ERR_CHECKPOINT for a file with wrong bytes. A SauError passes unchanged. */
export function damagedFile(path: string, cause: unknown): SauError {
  if (cause instanceof SauError) return cause;
  const {advice, details} =
    cause instanceof FormatError ? cause : {advice: DAMAGED, details: undefined};
  return new SauError(
    'ERR_CHECKPOINT',
    `Expected a whole checkpoint at ${path} but ${messageOf(cause)}.`,
    {cause, remedy: sentence(advice), details: {path, ...details}},
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)]$/.test(text) ? '' : '.'}`;
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file: check the path',
  EISDIR: 'it is a folder: name the .pt file in it',
  EACCES: 'it may not be read: change its permissions',
};

/** ERR_CHECKPOINT for a file that the operating system cannot open or read. */
export function unreadableFile(path: string, cause: unknown): SauError {
  const code = errnoOf(cause);
  const why = (code !== null && READ_FAILURES[code]) || `reading failed: ${messageOf(cause)}`;
  return new SauError('ERR_CHECKPOINT', `Expected a readable file at ${path} but ${why}`, {
    cause,
    details: {path, errno: code},
  });
}
