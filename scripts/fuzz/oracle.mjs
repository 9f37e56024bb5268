import {DIST, packageModule} from './package.mjs';

const {SauError} = packageModule('base/errors');

/** What no reader may do, whatever it is given. */
export class Finding extends Error {
  /**
   * @param kind 'error', 'inconsistent', 'hang', 'memory' or 'crash'
   * @param signature What tells it from others
   */
  constructor(kind, signature, message) {
    super(message);
    this.kind = kind;
    this.signature = `${kind}: ${signature}`;
  }
}

/** Throws a Finding unless it holds. */
export function expectThat(holds, what) {
  if (!holds) throw new Finding('inconsistent', what, what);
}

/**
 * Runs a reader. 'accepted' where it gives a value that `check` finds consistent, 'refused' where it throws a SauError;
 * throws a Finding for all else.
 */
export async function outcomeOf(read, check = () => undefined) {
  let value;
  try {
    value = await read();
  } catch (error) {
    const bug = bugIn(error);
    if (bug !== null) throw new Finding('error', signatureOf(bug), bug.stack ?? String(bug));
    return 'refused';
  }
  await check(value);
  return 'accepted';
}

const DEFECTS = [TypeError, RangeError, ReferenceError, EvalError];

/** An error that is no SauError, or one of a defect that a SauError hides; null if there is none. */
function bugIn(error) {
  if (!(error instanceof SauError))
    return error instanceof Error ? error : new Error(String(error));
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    const isDefect = DEFECTS.some((each) => cause instanceof each) && !isOfDecoder(cause);
    if (isDefect && ownFrame(cause).includes(DIST)) return cause;
  }
  return null;
}

/** TextDecoder throws a TypeError for text that is not UTF-8. */
function isOfDecoder({code}) {
  return code === 'ERR_ENCODING_INVALID_ENCODED_DATA';
}

/** Where it was thrown, but for what Node.js does itself. */
function ownFrame({stack = ''}) {
  return (
    stack.split('\n').find((line) => /^\s+at /.test(line) && !/node:|<anonymous>\)?$/.test(line)) ??
    ''
  );
}

function signatureOf(error) {
  const frame = ownFrame(error)
    .trim()
    .replace(/^at /, '')
    .replace(/\(?\/.*\/dist\//, '(dist/');
  return `${error.name} ${frame.replace(/:\d+:\d+\)?$/, '')}`;
}
