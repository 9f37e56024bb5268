import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {installedFolder, scriptOutput} from '../support/program.js';

const MINUTES = 60_000;

const hasTools = ['publint', '@arethetypeswrong/cli'].every(
  (name) => installedFolder(name) !== null,
);

describe.skipIf(!IS_BUILT || !hasTools)("the package's entry points", () => {
  it(
    'are in order for publint and are-the-types-wrong',
    async () => {
      const stdout = await scriptOutput(join(ROOT, 'scripts/check_package.mjs'));
      expect(stdout).toContain('All good!');
      expect(stdout).toContain('No problems found');
    },
    5 * MINUTES,
  );
});
