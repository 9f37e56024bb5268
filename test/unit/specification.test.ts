import {readFileSync} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {join, relative} from 'node:path';
import {describe, expect, it} from 'vitest';
import {ROOT} from '../support/paths.js';

const SOURCES = ['native', 'lib', 'bin', 'scripts', 'test'];
const SOURCE = /\.(cc|h|cu|cuh|ts|mts|cts|mjs|py|cmake)$/;
/** This file cites sections that do not exist. */
const THIS_TEST = relative(ROOT, __filename);

const SECTION = /[A-Z]\d?(?:\.\d+)?/.source;
/** "specification B1.6", "specification B3.4, C.2" or "defenses E1", with or without "of the". */
const CITATION = new RegExp(
  `\\b([Ss]pecification|models|defenses|scan) (${SECTION}(?:(?:, | and | to )${SECTION})*)\\b`,
  'g',
);

interface Document {
  readonly file: string;
  readonly sections: ReadonlySet<string>;
}

/** The numbers that its headings begin with. */
function readDocument(file: string): Document {
  const headings = readFileSync(join(ROOT, file), 'utf8').matchAll(
    new RegExp(`^#{2,4} (${SECTION}) `, 'gm'),
  );
  return {file, sections: new Set(Array.from(headings, ([, section]) => section ?? ''))};
}

const DOCUMENTS: Readonly<Record<string, Document>> = {
  specification: readDocument('docs/specification.md'),
  defenses: readDocument('docs/defenses.md'),
  models: readDocument('docs/models.md'),
  scan: readDocument('docs/scan.md'),
};

/** The text without the line breaks and the marks of its comments. */
function flatten(text: string): string {
  return text.replace(/\s*\n\s*(?:\*(?!\/)|\/{2,3}|#)?\s*/g, ' ');
}

/** What `text` cites, as [document, section]. */
function citations(text: string): [string, string][] {
  return Array.from(flatten(text).matchAll(CITATION)).flatMap(([, document = '', list = '']) =>
    Array.from(list.matchAll(new RegExp(SECTION, 'g')), ([section]): [string, string] => [
      document.toLowerCase(),
      section,
    ]),
  );
}

function missing(text: string): string[] {
  return citations(text)
    .filter(([document, section]) => DOCUMENTS[document]?.sections.has(section) !== true)
    .map(([document, section]) => `${document} ${section}`);
}

async function sourceFiles(): Promise<string[]> {
  const lists = await Promise.all(
    SOURCES.map(async (folder) => {
      const entries = await readdir(join(ROOT, folder), {recursive: true});
      return entries.map((entry) => join(folder, entry));
    }),
  );
  return lists.flat().filter((file) => SOURCE.test(file) && file !== THIS_TEST);
}

describe('citations of the specification', () => {
  it('are found in comments of every form', () => {
    const text = [
      '/// Projects (specification B1.5). See specification',
      '/// B1.6, B1.7 and C.2, and the specification of options.',
      ' * As in defenses E1 (Specification',
      ' * D).',
    ].join('\n');
    expect(citations(text)).toEqual([
      ['specification', 'B1.5'],
      ['specification', 'B1.6'],
      ['specification', 'B1.7'],
      ['specification', 'C.2'],
      ['defenses', 'E1'],
      ['specification', 'D'],
    ]);
  });

  it('of a section or document that does not exist are reported', () => {
    expect(missing('specification B1.99 and C.9, specification B1.5')).toEqual([
      'specification B1.99',
      'specification C.9',
    ]);
    expect(missing('models Q1')).toEqual(['models Q1']);
  });

  it('name sections that docs/ has', async () => {
    const files = await sourceFiles();
    const found = files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const);
    expect(found.flatMap(([, text]) => citations(text)).length).toBeGreaterThan(100);
    expect(
      found.flatMap(([file, text]) => missing(text).map((citation) => `${file}: ${citation}`)),
    ).toEqual([]);
  });
});
