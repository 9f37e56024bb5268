import {cpSync, mkdirSync, rmSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {type Contents, contentsOf, differences} from './contents.js';
import type {Call as Counted, Fault, Faults, Kind} from './control.js';
import type {Answer, Call, Service} from './service.js';

/** A command whose every call of the system fails once. */
export interface Scene {
  readonly name: string;
  /** What the folder has before: a copy of this one; null: there is no folder. */
  readonly before: string | null;
  readonly call: (folder: string) => Call;
  /** The next run, which has to find a folder that it can use. */
  readonly again: (folder: string) => Call;
  /** Of the calls of one kind on one file, or on many of a like name, how many fail: by default 3. */
  readonly most?: number;
  /** A file that is made for the next run alone, without which this one is done as well. */
  readonly mayLack?: string;
  /** Whether a failed run may leave so much, a line for each difference, because the documentation says so. */
  readonly mayLeave?: (lines: readonly string[]) => boolean;
}

/** What a fault came to. */
export interface Outcome {
  readonly scene: string;
  readonly fault: string;
  readonly at: Counted;
  readonly number: number;
  readonly kind: 'kept' | 'written' | 'left' | 'wrong';
  /** Why it is wrong, or what was left. */
  readonly words: string;
  readonly message: string;
}

/** A sort of fault, and the calls that it may happen in. */
export interface Sort {
  readonly name: string;
  readonly action: Fault['action'];
  readonly in: readonly Kind[];
  readonly failsAfter?: readonly Kind[];
  /** The process ends, or cannot tidy up: the next run does. */
  readonly leaves?: boolean;
}

const WRITES: readonly Kind[] = [
  ...(['open', 'write', 'close', 'sync', 'rename', 'unlink', 'mkdir', 'rmdir'] as const),
  ...(['truncate', 'reserve', 'map', 'link', 'touch', 'copy'] as const),
];
const CHANGES: readonly Kind[] = ['open', 'rename', 'unlink', 'mkdir', 'rmdir', 'link'];

/** All that may go wrong. */
export const SORTS: readonly Sort[] = [
  {
    name: 'ENOSPC',
    action: {errno: 'ENOSPC'},
    in: ['open', 'write', 'sync', 'mkdir', 'reserve', 'copy', 'link'],
  },
  {name: 'EIO', action: {errno: 'EIO'}, in: ['look', 'read', ...WRITES]},
  {name: 'EMFILE', action: {errno: 'EMFILE'}, in: ['look', 'open']},
  {name: 'EACCES', action: {errno: 'EACCES'}, in: ['look', ...CHANGES]},
  {name: 'ENOMEM', action: {errno: 'ENOMEM'}, in: ['map', 'open']},
  {name: 'short write', action: 'short', in: ['write']},
  {
    ...{name: 'disk full from there', action: {errno: 'ENOSPC'}},
    ...{in: ['write', 'mkdir'], failsAfter: ['write', 'mkdir', 'reserve', 'copy']},
  },
  {
    ...{name: 'read-only from there', action: {errno: 'EROFS'}, leaves: true},
    ...{in: CHANGES, failsAfter: CHANGES},
  },
  {name: 'folder taken away', action: 'takeAway', in: WRITES, leaves: true},
  {name: 'SIGKILL', action: {signal: 'SIGKILL'}, in: WRITES, leaves: true},
];

/** Lets a command fail in every way at each of its calls. */
export class Walk {
  constructor(
    private readonly faults: Faults,
    private readonly service: Service,
  ) {}

  async *outcomes(scene: Scene, sorts: readonly Sort[] = SORTS): AsyncGenerator<Outcome> {
    const {folder, whole, calls} = await this.#measure(scene);
    const most = Number(process.env.SAU_FAULTS_MOST ?? scene.most ?? 3);
    const points = pointsOf(calls, most);
    for (const sort of sorts) {
      for (const {at, number} of points.filter((point) => sort.in.includes(point.at.kind))) {
        yield await this.#outcome(scene, sort, {folder, whole, at, number});
      }
    }
  }

  /** The calls of a run without a fault, and what it leaves. */
  async #measure(scene: Scene) {
    const folder = join(this.faults.folder, 'walk', scene.name.replaceAll(/\W+/g, '_'), 'out');
    prepare(folder, scene);
    this.faults.arm(folder, {at: 0, action: 'short', counted: ALL});
    const answer = await this.service.call(scene.call(folder));
    const {calls} = this.faults.disarm();
    if (answer.kind !== 'done') throw new Error(`${scene.name}: ${JSON.stringify(answer)}`);
    return {folder, whole: contentsOf(folder), calls};
  }

  async #outcome(
    scene: Scene,
    sort: Sort,
    {folder, whole, at, number}: {folder: string; whole: Contents; at: Counted; number: number},
  ): Promise<Outcome> {
    prepare(folder, scene);
    const before = contentsOf(folder);
    const {action, failsAfter = []} = sort;
    this.faults.arm(folder, {at: number, action, counted: ALL, failsAfter});
    const answer = await this.service.call(scene.call(folder));
    const {fired} = this.faults.disarm();
    const base = {scene: scene.name, fault: sort.name, at, number, message: wordsOf(answer)};
    const wrong = (words: string): Outcome => ({...base, kind: 'wrong', words});
    if (!fired) return {...base, kind: 'written', words: 'the call was not made'};
    const trouble = troubleOf(answer, sort);
    if (trouble !== null) return wrong(trouble);
    const now = contentsOf(folder);
    const toBefore = differences(now, before);
    const toWhole = differences(now, whole);
    if (toWhole.length === 0) return {...base, kind: 'written', words: ''};
    const gone = differences(contentsOf(`${folder}.gone`), whole);
    if (answer.kind === 'done' && isTidied(gone)) return {...base, kind: 'written', words: 'gone'};
    const wanting = toWhole.filter((line) => line !== `- ${scene.mayLack}`);
    if (answer.kind === 'done' && !isTidied(wanting)) {
      return wrong(`it says that it is done: ${wanting.join(', ')}`);
    }
    if (toBefore.length === 0) return {...base, kind: 'kept', words: ''};
    // What could not be removed is left to the next run.
    const mayLeave = sort.leaves === true || at.kind === 'unlink' || at.kind === 'rmdir';
    if (!mayLeave && answer.kind !== 'done' && scene.mayLeave?.(toBefore) !== true) {
      return wrong(toBefore.join(', '));
    }
    const next = await this.service.call(scene.again(folder));
    const remains = differences(contentsOf(folder), whole);
    if (next.kind !== 'done')
      return wrong(`the next run: ${wordsOf(next)}; left ${toBefore.join(', ')}`);
    if (!isTidied(remains)) return wrong(`after the next run: ${remains.join(', ')}`);
    return {...base, kind: 'left', words: toBefore.join(', ')};
  }
}

/** Of the calls of one kind on files of a like name the first, the last and some between. */
function pointsOf(calls: readonly Counted[], most: number): {at: Counted; number: number}[] {
  const groups = new Map<string, {at: Counted; number: number}[]>();
  for (const [i, at] of calls.entries()) {
    const key = `${at.kind} ${at.path.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '*').replaceAll(/\d+/g, '#')}`;
    groups.set(key, [...(groups.get(key) ?? []), {at, number: i + 1}]);
  }
  const chosen = [...groups.values()].flatMap((group) => {
    const count = Math.min(most, group.length);
    const step = count < 2 ? 0 : (group.length - 1) / (count - 1);
    return Array.from({length: count}, (_, i) => group[Math.round(i * step)] ?? group[0]);
  });
  return chosen.flatMap((point) => point ?? []).sort((a, b) => a.number - b.number);
}

/** Whether what a finished run has left beside its result is nothing but what the next one that works there removes. */
function isTidied(lines: readonly string[]): boolean {
  return lines.every((line) =>
    /^\+ (\.sau-native\.lock|\.[\w.]+\.(?:html|json)\.lock|setup\.lock|unfinished\/.*|\.sau-native-data\/.*|\.setup-.*)$/.test(
      line,
    ),
  );
}

/** All kinds count, so that a call has the same number for every sort. */
const ALL: readonly Kind[] = ['look', 'read', ...WRITES];

function prepare(folder: string, {before}: Scene): void {
  rmSync(dirname(folder), {recursive: true, force: true});
  mkdirSync(dirname(folder), {recursive: true});
  if (before !== null) cpSync(before, folder, {recursive: true, verbatimSymlinks: true});
}

function wordsOf(answer: Answer): string {
  if (answer.kind === 'done') return '';
  if (answer.kind === 'died') return `${answer.how} ${answer.stderr}`;
  return `${answer.message} (${answer.code})`;
}

/** What is wrong with how a call ended, whatever the folder has. */
function troubleOf(answer: Answer, {action}: Sort): string | null {
  if (answer.kind === 'died') {
    const meant = typeof action === 'object' && 'signal' in action && action.signal === answer.how;
    return meant ? null : `it died of ${answer.how}: ${answer.stderr}`;
  }
  if (answer.kind === 'failed' && answer.code === null) return `no SauError: ${answer.message}`;
  return null;
}
