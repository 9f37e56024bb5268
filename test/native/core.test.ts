import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {deviceInfo} from '../../lib/session/open_session.js';
import {ROOT} from '../support/paths.js';

const BUILD = join(ROOT, 'build');
const IS_CONFIGURED = existsSync(join(BUILD, 'CMakeCache.txt'));
const MINUTES = 60_000;

/** The output, also where the program failed. */
function outputOf(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const {status, stdout, stderr} = spawnSync(program, args, {encoding: 'utf8', env});
  return {status, output: `${stdout}${stderr}`};
}

function cacheEntry(name: string): string {
  const cache = readFileSync(join(BUILD, 'CMakeCache.txt'), 'utf8');
  return new RegExp(`^${name}:\\w+=(.*)$`, 'm').exec(cache)?.[1] ?? '';
}

describe.skipIf(!IS_CONFIGURED)('the core (skipped: it was not built here)', () => {
  it(
    'holds what its own cases say',
    async () => {
      const built = outputOf(cacheEntry('CMAKE_COMMAND'), [
        '--build',
        BUILD,
        '--target',
        'sau_test',
      ]);
      expect(built.status, built.output).toBe(0);
      const {libtorch} = await deviceInfo();
      const env = {...process.env, LD_LIBRARY_PATH: join(libtorch, 'lib')};
      const {status, output} = outputOf(join(BUILD, 'sau_test'), [], env);
      const lines = output.trim().split('\n');
      expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([]);
      expect(lines.length).toBeGreaterThan(10);
      expect(status).toBe(0);
    },
    10 * MINUTES,
  );
});
