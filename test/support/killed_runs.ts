import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {ENTRY} from './paths.js';

/** Enough for every run of the tests; one that does not get on would need more. */
const MOST_SITTINGS = 60;

/**
 * A process that kills itself at the first progress after it has saved a state of its own: nothing can be tidied
 * up.
 */
const SITTING = `
const {statSync} = require('node:fs');
const [entry, options, state] = process.argv.slice(1);
const saved = () => statSync(state, {throwIfNoEntry: false})?.ino;
const before = saved();
require(entry).defend(JSON.parse(options), {
  onProgress: () => {
    const now = saved();
    if (now !== undefined && now !== before) process.kill(process.pid, 'SIGKILL');
  },
}).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});`;

export const STATE = 'defense_state.pt';

/** One sitting of a defense. Whether it was killed. */
export function killedSitting(options: {readonly out: string}): boolean {
  const args = ['-e', SITTING, ENTRY, JSON.stringify(options), join(options.out, STATE)];
  const {signal, status, stderr} = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (signal === 'SIGKILL') return true;
  if (status === 0) return false;
  throw new Error(`a sitting ended with ${signal ?? status}: ${stderr}`);
}

/** A defense that is killed after each first state of a sitting, until it is done. Returns how often it was killed. */
export function killedUntilDone(options: {readonly out: string}): number {
  for (let kills = 0; kills < MOST_SITTINGS; kills++) {
    const resume = existsSync(join(options.out, STATE));
    if (!killedSitting({...options, ...(resume ? {resume} : {})})) return kills;
  }
  throw new Error(`the run was not done after ${MOST_SITTINGS} sittings`);
}

/** What must be equal of two results in one folder, by file: all but times and dates. */
export function contentsOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, {withFileTypes: true}).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({name}) => [name, withoutTimes(name, readFileSync(join(folder, name)))]).sort(),
  );
}

function withoutTimes(name: string, bytes: Buffer): string {
  if (name === 'report.html') return 'a report'; // which tells the time of the run, in many words
  if (name.endsWith('.csv')) return withoutSeconds(bytes.toString('utf8'));
  if (!/\.(json|jsonl)$/.test(name)) return createHash('sha256').update(bytes).digest('hex');
  const times = /"(seconds|methodSeconds|started|peakMemoryBytes)": ?("[^"]*"|[\d.e+-]+|null)/g;
  return bytes.toString('utf8').replace(times, '"$1":0');
}

/** A table without its column of that name. */
function withoutSeconds(csv: string): string {
  const [header = '', ...rows] = csv.split('\n');
  const column = header.split(',').indexOf('seconds');
  if (column < 0) return csv;
  const others = (row: string) => row.split(',').toSpliced(column, 1).join(',');
  return [header, ...rows].map(others).join('\n');
}

/** Takes the result of a folder out of it, so that an equal run may write there. */
export function takenOut(folder: string): Record<string, string> {
  const aside = `${folder}-aside`;
  renameSync(folder, aside);
  const contents = contentsOf(aside);
  rmSync(aside, {recursive: true});
  return contents;
}
