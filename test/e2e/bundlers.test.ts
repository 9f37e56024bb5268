import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {IS_BUILT, ROOT} from '../support/paths.js';
import {installedFolder} from '../support/program.js';

const OUTCOME = `.then(
  ({libtorchVersion}) => console.log('runs with', libtorchVersion),
  (error) => console.log(error.code, error.message));`;
const PROGRAMS = {
  'app.mjs': `import {deviceInfo} from 'sau-native';\ndeviceInfo()${OUTCOME}`,
  'app.cjs': `const {deviceInfo} = require('sau-native');\ndeviceInfo()${OUTCOME}`,
};

/** The flags of each bundler's command line for a Node program with packages left out. */
const BUNDLERS = {
  esbuild: (format: string, external: string, out: string) => [
    ...['--bundle', '--platform=node', '--log-level=error'],
    ...[`--format=${format}`, `--external:${external}`, `--outfile=${out}`],
  ],
  rolldown: (format: string, external: string, out: string) => [
    ...['--platform', 'node', '--log-level', 'silent'],
    ...['--format', format, '--external', external, '--file', out],
  ],
} as const;

type Bundler = keyof typeof BUNDLERS;

/** The script of a bundler's command; null where it is not installed. */
function commandOf(bundler: Bundler): string | null {
  const found = installedFolder(bundler);
  if (found === null) return null;
  const {bin} = JSON.parse(readFileSync(join(found, 'package.json'), 'utf8'));
  return join(found, bin[bundler]);
}

describe.each(Object.keys(BUNDLERS) as Bundler[])('a program bundled by %s', (bundler) => {
  const folder = mkdtempSync(join(tmpdir(), 'sau-bundle-'));
  const command = commandOf(bundler);

  beforeAll(() => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(ROOT, join(folder, 'node_modules/sau-native'));
    symlinkSync(installedFolder('sharp') ?? '', join(folder, 'node_modules/sharp'));
    for (const [name, text] of Object.entries(PROGRAMS)) writeFileSync(join(folder, name), text);
  });
  afterAll(() => rmSync(folder, {recursive: true}));

  /** Bundles a program and returns what the result prints. */
  function outputOf(program: keyof typeof PROGRAMS, external: string): string {
    const format = program === 'app.mjs' ? 'esm' : 'cjs';
    const out = `out.${program.slice(-3)}`;
    const run = (...args: string[]) =>
      execFileSync(args[0] ?? '', args.slice(1), {cwd: folder, encoding: 'utf8'});
    const flags = [program, ...BUNDLERS[bundler](format, external, out)];
    // esbuild's command is a binary once its install script has run.
    const isScript =
      readFileSync(command ?? '')
        .subarray(0, 2)
        .toString() === '#!';
    run(...(isScript ? [process.execPath] : []), command ?? '', ...flags);
    return run(process.execPath, out);
  }

  it.skipIf(!IS_BUILT || command === null).each(['app.mjs', 'app.cjs'] as const)(
    'runs where sau-native is external: %s',
    (program) => {
      expect(outputOf(program, 'sau-native')).toMatch(/^runs with 2\.\d+\.\d+\n$/);
    },
  );

  it.skipIf(!IS_BUILT || command === null)(
    'is told to make sau-native external where it is in the bundle',
    () => {
      const output = outputOf('app.cjs', 'sharp');
      expect(output).toMatch(/^ERR_NATIVE .*mark sau-native as external.*docs\/bundlers\.md/);
    },
  );
});
