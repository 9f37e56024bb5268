import {execFile} from 'node:child_process';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {installedFolder} from '../support/program.js';

const require = createRequire(__filename);
const MINUTES = 60_000;

const hasTools = ['publint', '@arethetypeswrong/cli'].every(
  (name) => installedFolder(name) !== null,
);

/** What a Node script prints; fails with it where the script fails. */
async function outputOf(...args: string[]): Promise<string> {
  const run = promisify(execFile)(process.execPath, args, {cwd: ROOT, encoding: 'utf8'});
  const {stdout} = await run.catch((error: {stdout: string; stderr: string}) => {
    throw new Error(`${args.join(' ')} failed:\n${error.stdout}${error.stderr}`);
  });
  return stdout;
}

describe.skipIf(!IS_BUILT)("the package's types", () => {
  it.each([
    ['Node programs, CommonJS and ES modules', 'tsconfig.json'],
    ['programs that are bundled', 'tsconfig.bundler.json'],
  ])(
    'hold for %s',
    async (_, config) => {
      const tsc = require.resolve('typescript/bin/tsc');
      expect(await outputOf(tsc, '-p', join(ROOT, 'test/types', config))).toBe('');
    },
    5 * MINUTES,
  );

  it.skipIf(!hasTools)(
    'and entry points are in order for publint and are-the-types-wrong',
    async () => {
      const stdout = await outputOf(join(ROOT, 'scripts/check_package.mjs'));
      expect(stdout).toContain('All good!');
      expect(stdout).toContain('No problems found');
    },
    5 * MINUTES,
  );
});
