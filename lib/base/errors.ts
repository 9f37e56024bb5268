import {spelled} from '../options/named.js';
import {printableLines} from './printable.js';

/** Every code a SauError can carry. They are stable: programs may switch on them. */
export const ERROR_CODES = [
  'ERR_CONFIG', // an option or argument is missing, unknown or out of range
  'ERR_DATASET', // images, labels or indices cannot be read or do not fit
  'ERR_CHECKPOINT', // a checkpoint is corrupt, incomplete or does not fit the model
  'ERR_PROGRAM', // an exported program is damaged, or does what is not allowed; nothing of it was run
  'ERR_UNSAFE_PICKLE', // a pickle names something outside the known vocabulary; nothing was executed
  'ERR_OUTPUT', // the output folder exists, is read-only, full or cannot be written
  'ERR_LIBTORCH_NOT_FOUND', // no LibTorch in any of the places tried
  'ERR_LIBTORCH_VERSION', // a LibTorch was found, but not one this build can load
  'ERR_DOWNLOAD', // LibTorch or a data set could not be fetched: the network, the server or pip failed
  'ERR_CHECKSUM', // a fetched file has the wrong checksum
  'ERR_ARCHIVE', // an archive is damaged, unsafe or holds something else than was wanted
  'ERR_SANDBOX', // the system cannot confine the process, and that was asked for
  'ERR_DEVICE', // the device is unknown or not available
  'ERR_OUT_OF_MEMORY', // the device or the host ran out of memory
  'ERR_BUSY', // the session already has a job
  'ERR_DISPOSED', // the session was disposed
  'ERR_ABORTED', // the job was cancelled
  'ERR_DIVERGED', // the loss became NaN or infinite
  'ERR_NATIVE', // LibTorch or the addon failed in a way that has no code of its own
] as const;

/** One of {@link ERROR_CODES}; docs/errors.md says what each means. */
export type SauErrorCode = (typeof ERROR_CODES)[number];

/** What a {@link SauError} may carry besides its message. */
export interface SauErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
  /** What to do about it. It becomes the end of the message. */
  remedy?: string;
  /** Facts for programs: names, paths, counts. Always serializable as JSON. */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * The only error type of the package: what was expected, what was received and what to do, with a stable `code`.
 */
export class SauError extends Error {
  /** What went wrong, for programs to switch on. */
  readonly code: SauErrorCode;
  /** Facts for programs: names, paths, counts. Serializable as JSON, possibly empty. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The part of `message` that says what to do, if it is known separately. */
  readonly remedy: string | null;
  /** The message with its options still marked as such. */
  readonly #text: string;

  constructor(code: SauErrorCode, message: string, options: SauErrorOptions = {}) {
    const {cause} = options;
    const remedy = lacksFiles(cause) ? MORE_FILES : options.remedy;
    const end = lacksFiles(cause) && /[\w)]$/.test(message) ? '.' : '';
    const gap = message.includes('\n') ? '\n' : ' ';
    // Names and texts of a hostile file stand in messages, which are printed to terminals.
    const text = printableLines(remedy === undefined ? message : `${message}${end}${gap}${remedy}`);
    super(spelled(text), cause === undefined ? undefined : {cause});
    this.#text = text;
    this.name = 'SauError';
    this.code = code;
    this.remedy = remedy === undefined ? null : spelled(printableLines(remedy));
    this.details = options.details ?? {};
  }

  /** The message with its options written in another way: the command line spells `batchSize` with dashes. */
  messageIn(spell: (option: string) => string): string {
    return spelled(this.#text, spell);
  }
}

/** What to do where files cannot be opened because too many are. Any call that opens one may fail of it. */
const MORE_FILES =
  'Too many files are open: raise the limit, as with `ulimit -n 1024`, and run again.';

function lacksFiles(cause: unknown): boolean {
  return (
    cause instanceof Error && !(cause instanceof SauError) && /\bE[MN]FILE\b/.test(cause.message)
  );
}

/** Ends a `switch` over a union: the compiler proves that it is never reached. */
export function assertNever(value: never): never {
  throw new SauError(
    'ERR_NATIVE',
    `Expected one of the known values but received ${JSON.stringify(value)}. This is a defect of sau-native: please report it`,
  );
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error such as 'ENOENT', else null. */
export function errnoOf(error: unknown): string | null {
  return error instanceof Error && 'syscall' in error && 'code' in error
    ? String(error.code)
    : null;
}
