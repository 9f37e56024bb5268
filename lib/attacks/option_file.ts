import {stat} from 'node:fs/promises';
import {SauError} from '../base/errors.js';

/**
 * The path that an attack's option names.
 * @param choices Names that the option takes besides a path
 * @throws SauError ERR_CONFIG if there is no such file
 */
export async function existingFile(
  option: string,
  path: string,
  choices: readonly string[] = [],
): Promise<string> {
  const found = await stat(path).catch((cause: unknown) => {
    throw refusal(option, path, choices, cause);
  });
  if (!found.isFile()) throw refusal(option, path, choices);
  return path;
}

function refusal(
  option: string,
  path: string,
  choices: readonly string[],
  cause?: unknown,
): SauError {
  const expected = [...choices, 'the path of a file'].join(' or ');
  return new SauError('ERR_CONFIG', `Expected ${expected} for ${option} but received ${path}`, {
    cause,
    details: {option, value: path},
  });
}
