import {createRequire} from 'node:module';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {scriptOutput} from '../support/program.js';

const require = createRequire(__filename);
const MINUTES = 60_000;

describe.skipIf(!IS_BUILT)("the package's types", () => {
  it.each([
    ['Node programs, CommonJS and ES modules', 'tsconfig.json'],
    ['programs that are bundled', 'tsconfig.bundler.json'],
  ])(
    'hold for %s',
    async (_, config) => {
      const tsc = require.resolve('typescript/bin/tsc');
      expect(await scriptOutput(tsc, '-p', join(ROOT, 'test/types', config))).toBe('');
    },
    5 * MINUTES,
  );
});
