import {readFile} from 'node:fs/promises';
import {SauError} from '../base/errors.js';
import {named} from '../options/named.js';
import {GENERATOR} from './html/document.js';

/** Throws ERR_OUTPUT where another file has the name: a report replaces only a report. */
export async function requireReportPlace(path: string): Promise<void> {
  const there = await readFile(path, 'utf8').catch(() => null);
  const head = there?.slice(0, there.indexOf('</head>')) ?? '';
  if (there === null || head.includes(`content="${GENERATOR}"`)) return;
  throw new SauError(
    'ERR_OUTPUT',
    `Expected no file but a report at ${path} but received another file of that name.`,
    {remedy: `Move it away, or set ${named('out')} to another name.`, details: {path}},
  );
}
