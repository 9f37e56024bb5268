import {createHash} from 'node:crypto';
import {existsSync, lstatSync, readdirSync, readFileSync} from 'node:fs';
import {join, relative} from 'node:path';

/** Digests of the files below a folder by their paths; folders have a slash at their end. */
export type Contents = ReadonlyMap<string, string>;

/** What differs between equal runs: times, memory, and whether they take the place of earlier ones or go on. */
const MOMENTS =
  /"(?:seconds|started|made|installedAt|methodSeconds|peakMemoryBytes|secondsPerRound|\w*[sS]econds\w*)": ?(?:"[^"]*"|[\d.e+-]+|null)|"(?:force|resume)": ?(?:true|false)/g;

/** What a folder has; nothing where there is none. */
export function contentsOf(folder: string): Contents {
  const found = new Map<string, string>();
  const visit = (at: string): void => {
    for (const entry of readdirSync(at, {withFileTypes: true})) {
      const path = join(at, entry.name);
      const name = relative(folder, path);
      if (entry.isDirectory()) {
        found.set(`${name}/`, '');
        visit(path);
      } else found.set(name, digestOf(path));
    }
  };
  if (existsSync(folder)) visit(folder);
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Files whose bytes may differ between equal runs are told by their form alone. */
function digestOf(path: string): string {
  if (lstatSync(path).isSymbolicLink()) return 'link';
  const bytes = readFileSync(path);
  if (/\.jsonl?$/.test(path)) return digest(jsonOf(bytes.toString(), path.endsWith('l')));
  if (path.endsWith('.html'))
    return bytes.toString().trimEnd().endsWith('</html>') ? 'html' : 'cut';
  if (path.endsWith('compare.csv') || path.endsWith('compare_runs.csv')) {
    return `${bytes.toString().split('\n').length} lines`;
  }
  return digest(bytes);
}

function jsonOf(text: string, isLines: boolean): string {
  try {
    for (const one of isLines ? text.trimEnd().split('\n') : [text]) JSON.parse(one);
    return text.replace(MOMENTS, '');
  } catch {
    return `damaged: ${text}`;
  }
}

function digest(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex').slice(0, 12);
}

/** What one folder has more, fewer or other than another, a line each; nothing where they are equal. */
export function differences(now: Contents, expected: Contents): string[] {
  const names = [...new Set([...now.keys(), ...expected.keys()])].sort();
  return names.flatMap((name) => {
    if (!expected.has(name)) return [`+ ${name}`];
    if (!now.has(name)) return [`- ${name}`];
    return now.get(name) === expected.get(name) ? [] : [`~ ${name}`];
  });
}
