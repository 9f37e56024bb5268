import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {dirname} from 'node:path';
import {describe, expect, it} from 'vitest';
import {SauError} from '../../lib/base/errors.js';
import {PROGRAM} from '../support/paths.js';
import {pickledFile, TENSOR, text} from '../support/raw_pickle.js';

/** Sets the title of a window, and moves in the way of C1; what turns the direction of a line. */
const EVIL = 'a\x1b]0;owned\x07b\u009b2Jc\u202ed';
/** What no line of a terminal may have. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/;

function inspect(path: string, ...more: string[]): string {
  const args = [PROGRAM, 'inspect', path, ...more];
  const {stdout, stderr} = spawnSync(process.execPath, args, {
    cwd: dirname(path),
    encoding: 'utf8',
  });
  return stdout + stderr;
}

describe.skipIf(!existsSync(PROGRAM))('escape sequences of a file', () => {
  it.each([
    [
      'a weight and a global',
      `${text(EVIL)}${text('Evil')}\x930}(${text(EVIL)}${TENSOR}u`,
      ['--tensors'],
    ],
    ['a key of a file without weights', `}(${text(EVIL)}${text(EVIL)}${text('Evil')}\x93)Ru`, []],
  ])('do not reach a terminal from the name of %s', async (_, opcodes, flags) => {
    const path = await pickledFile(opcodes);
    const json = inspect(path, '--json');
    for (const shown of [inspect(path, ...flags), json]) {
      expect(shown.length).toBeGreaterThan(20);
      expect(shown).not.toMatch(OBEYED);
    }
    expect(JSON.stringify(JSON.parse(json))).toContain('owned');
  });

  it('are escaped in the message of every error, and stay in its details', () => {
    const error = new SauError('ERR_CONFIG', `Expected x\nbut received ${EVIL}`, {
      ...{remedy: `Not ${EVIL}`, details: {EVIL}},
    });
    expect(error.message).toContain('Expected x\nbut');
    for (const shown of [error.message, error.remedy, error.messageIn((name) => name)]) {
      expect(shown).not.toMatch(OBEYED);
    }
    expect(error.details).toEqual({EVIL});
  });
});
