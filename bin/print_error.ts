import {messageOf, SauError} from '../lib/base/errors.js';
import {painted} from './terminal.js';

/** Prints an error: as JSON on stdout if the user asked for JSON, else as text on stderr. */
export function printError(error: unknown, json: boolean): void {
  const {code, details} = error instanceof SauError ? error : {code: 'ERR_UNEXPECTED', details: {}};
  const message = messageOf(error);
  if (json) {
    process.stdout.write(`${JSON.stringify({error: {code, message, details}}, null, 2)}\n`);
    return;
  }
  const isBug = !(error instanceof SauError) && error instanceof Error;
  const name = painted('error', 'sau-native:', process.stderr);
  process.stderr.write(`${name} ${isBug ? error.stack : message}\n  (${code})\n`);
}
