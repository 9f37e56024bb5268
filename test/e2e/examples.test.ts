import {execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {describe, expect, it} from 'vitest';
import {IS_BUILT, ROOT} from '../support/paths.js';

const require = createRequire(__filename);
const MINUTES = 60_000;

interface Example {
  readonly file: string;
  readonly code: string;
}

/** The programs in `@example` of the doc comments of lib/. */
async function commentExamples(): Promise<Example[]> {
  const entries = await readdir(join(ROOT, 'lib'), {recursive: true});
  return entries
    .filter((entry) => entry.endsWith('.ts'))
    .flatMap((entry) => {
      const text = readFileSync(join(ROOT, 'lib', entry), 'utf8');
      const blocks = text.matchAll(/^ *\* @example\n *\* ```ts\n([\s\S]*?)\n *\* ```/gm);
      return Array.from(blocks, ([, code = '']) => ({
        file: `lib/${entry}`,
        code: code.replace(/^ *\* ?/gm, ''),
      }));
    });
}

/** The programs of a document that use the package. */
function documentExamples(file: string): Example[] {
  const blocks = readFileSync(join(ROOT, file), 'utf8').matchAll(/^```js\n([\s\S]*?)\n```/gm);
  return Array.from(blocks, ([, code = '']) => ({
    file,
    code: code.replace(/^(import .*|const .* = require\('sau-native'\).*)$/gm, ''),
  })).filter(({code}) => code.includes('await') || code.includes('defend('));
}

/** A module with all that the package exports, and each example in a function of its own. */
function moduleOf(examples: readonly Example[]): string {
  const names = Object.keys(require(join(ROOT, 'dist/lib/index.js')));
  const bodies = examples.map(
    ({file, code}, i) => `// ${file}\nexport async function example${i}() {\n${code}\n}`,
  );
  return [`import {${names.join(', ')}} from 'sau-native';`, ...bodies].join('\n\n');
}

/** What the compiler says of the examples, on the strictest settings. */
async function complaints(examples: readonly Example[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sau-examples-'));
  try {
    writeFileSync(join(folder, 'examples.mts'), moduleOf(examples));
    const compilerOptions = {
      target: 'ES2022',
      lib: ['ES2022', 'ESNext.Disposable'],
      module: 'node16',
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      paths: {'sau-native': [join(ROOT, 'dist/lib/index.d.mts')]},
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({compilerOptions, include: ['examples.mts']}),
    );
    const tsc = require.resolve('typescript/bin/tsc');
    return await promisify(execFile)(process.execPath, [tsc, '-p', folder]).then(
      ({stdout}) => stdout,
      (error: {stdout: string}) => error.stdout,
    );
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

describe.skipIf(!IS_BUILT)('the examples', () => {
  it(
    'of the doc comments and the documents compile',
    async () => {
      const inComments = await commentExamples();
      const inDocuments = ['README.md', 'docs/errors.md', 'docs/sweeps.md'].flatMap(
        documentExamples,
      );
      expect(inComments.length).toBeGreaterThan(8);
      expect(inDocuments.length).toBeGreaterThan(2);
      expect(await complaints([...inComments, ...inDocuments])).toBe('');
    },
    5 * MINUTES,
  );

  it(
    'that use what the package does not have are noticed',
    async () => {
      const wrong = {file: 'here', code: "const {nothing} = await evaluate({ckpt: 'x'});"};
      expect(await complaints([wrong])).toContain("Property 'nothing' does not exist");
    },
    5 * MINUTES,
  );
});
