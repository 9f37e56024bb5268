import {assertNever} from '../lib/base/errors.js';
import {printable} from '../lib/base/printable.js';
import type {Metrics} from '../lib/run/metrics.js';
import type {Progress} from '../lib/run/progress.js';
import type {RoundReport} from '../lib/run/results.js';
import {estimateLines} from './estimate_view.js';
import {duration, percent} from './output.js';
import {canDraw, noteLine, StatusLine} from './terminal.js';

/** Shows the progress of a long call on stderr. */
interface ProgressView {
  onProgress(progress: Progress): void;
  note(message: string): void;
  stop(): void;
}

export type Counted = Extract<Progress, {readonly kind: 'batch' | 'images'}>;

/** Nothing when quiet; a bar on a terminal outside CI; else plain lines, one per round. */
export function createProgressView(quiet: boolean): ProgressView {
  if (quiet) {
    return {onProgress: () => undefined, note: () => undefined, stop: () => undefined};
  }
  return canDraw(process.stderr) ? createBar() : createLines();
}

export const MS_BETWEEN_LINES = 30_000;

/** What is told while something else goes on. */
const ASIDE: ReadonlySet<Progress['kind']> = new Set<Progress['kind']>([
  'note',
  'estimate',
  'before',
]);

/** Of what is counted a line now and then: a log is not to be filled with it. */
function createLines(): ProgressView {
  const note = (message: string) => process.stderr.write(`${message}\n`);
  let next = performance.now() + MS_BETWEEN_LINES;
  return {
    onProgress: (progress) => {
      if (isSilent(progress)) return;
      const isCount = progress.kind === 'batch' || progress.kind === 'images';
      if (isCount && performance.now() < next) return;
      note(isCount ? countLine(progress) : lineOf(progress));
      next = performance.now() + MS_BETWEEN_LINES;
    },
    note,
    stop: () => undefined,
  };
}

/** A table may have thousands of rows: only what was measured is shown. */
function isSilent(progress: Progress): boolean {
  return progress.kind === 'row' && progress.metrics === null;
}

function createBar(): ProgressView {
  const line = new StatusLine(process.stderr);
  const state = new BarState();
  return {
    onProgress: (progress) => {
      if (isSilent(progress)) return;
      state.follow(progress);
      if (progress.kind !== 'batch' && progress.kind !== 'images' && progress.kind !== 'round') {
        line.write(lineOf(progress));
      }
      line.show((columns) => state.line(columns));
    },
    note: (message) => line.write(message),
    stop: () => line.clear(),
  };
}

/** What a bar shows: the part of the run that goes on now. */
export class BarState {
  readonly #now: () => number;
  #stage = '';
  /** When what is shown was told. */
  #since: number;
  /** Of the rounds that have begun in this stage, else of its images. */
  #parts: ProgressParts | null = null;
  #inRounds = false;
  /** What is counted without an end. */
  #found = '';
  #measured: readonly string[] = [];

  /** @param now Milliseconds of a clock that only goes on */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#since = now();
  }

  follow(progress: Progress): void {
    const begins = progress.kind !== 'images' || progress.of !== null;
    if (!ASIDE.has(progress.kind) && begins) {
      this.#since = this.#now();
    }
    switch (progress.kind) {
      case 'stage':
        this.#stage = printable(progress.message);
        this.#parts = null;
        this.#inRounds = false;
        this.#found = '';
        break;
      case 'batch': {
        const {round, rounds, batch, batches, secondsLeft} = progress;
        const share = (round * batches + batch) / (rounds * batches);
        const count = `${Math.min(round + 1, rounds)}/${rounds}`;
        this.#inRounds = true;
        this.#parts = {share, count, status: this.#measured, secondsLeft};
        break;
      }
      case 'images':
        this.#parts = this.#withImages(progress);
        break;
      case 'round': {
        const {report, rounds, secondsLeft} = progress;
        this.#measured = measured(report);
        const share = (report.round + 1) / rounds;
        this.#parts = {
          ...{share, count: `${report.round + 1}/${rounds}`, status: this.#measured, secondsLeft},
        };
        break;
      }
      case 'note':
      case 'estimate':
      case 'before':
      case 'row':
      case 'picture':
        break;
      default:
        assertNever(progress);
    }
  }

  /** At most `columns` long; empty in the first second of what is not counted. */
  line(columns: number): string {
    const passed = this.#now() - this.#since;
    if (this.#parts === null) {
      return elapsedLine(joined([this.#stage, this.#found].filter(Boolean)), passed, columns);
    }
    const {secondsLeft} = this.#parts;
    const left = secondsLeft === null ? null : Math.max(0, secondsLeft - passed / 1000);
    return progressLine({...this.#parts, secondsLeft: left}, columns);
  }

  #withImages(progress: Extract<Progress, {kind: 'images'}>): ProgressParts | null {
    const {doing, done, of, secondsLeft} = progress;
    this.#found = of === null ? `${doing} ${done} images` : '';
    if (of === null) return this.#parts;
    const text = `${doing} ${done}/${of}`;
    // Within rounds the bar is theirs.
    if (this.#inRounds && this.#parts !== null) {
      return {...this.#parts, status: [...this.#measured, text], secondsLeft};
    }
    return done < of ? {share: done / of, count: text, status: [], secondsLeft} : null;
  }
}

function lineOf(progress: Exclude<Progress, Counted>): string {
  switch (progress.kind) {
    case 'stage':
      return `${printable(progress.message)} ...`;
    case 'note':
      return noteLine(printable(progress.message));
    case 'estimate':
      return estimateLines(progress).join('\n');
    case 'before':
      return joined(['before', ...rates(progress.metrics)]);
    case 'picture':
      return `picture of ${progress.name}`;
    case 'row': {
      const {cells, metrics} = progress;
      return joined([...cellTexts(cells), ...(metrics === null ? [] : rates(metrics))]);
    }
    case 'round': {
      const {report, rounds, secondsLeft} = progress;
      const unit = 'trainAcc' in report.figures ? 'epoch' : 'round';
      const count = `${unit} ${report.round + 1}/${rounds}`;
      return joined([count, ...measured(report), ...timeLeft(secondsLeft)]);
    }
    default:
      return assertNever(progress);
  }
}

function cellTexts(cells: Extract<Progress, {kind: 'row'}>['cells']): string[] {
  return Object.entries(cells).flatMap(([name, cell]) =>
    cell === null
      ? []
      : [`${name} ${typeof cell === 'number' ? shortNumber(cell) : printable(cell)}`],
  );
}

function shortNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

export function countLine(progress: Counted): string {
  const left = timeLeft(progress.secondsLeft);
  if (progress.kind === 'images') {
    const {doing, done, of} = progress;
    return joined([`${doing} ${of === null ? done : `${done}/${of}`} images`, ...left]);
  }
  const {round, rounds, batch, batches} = progress;
  return joined([`${round + 1}/${rounds}`, `batch ${batch}/${batches}`, ...left]);
}

/** The last round's loss and rates. */
function measured({figures, metrics}: RoundReport): string[] {
  const [[name, value] = ['loss', null]] = Object.entries(figures);
  const first = value === null ? [] : [`${name} ${value.toPrecision(4)}`];
  return [...first, ...(metrics === null ? [] : rates(metrics))];
}

function rates({acc, asr}: Metrics): string[] {
  return [`ACC ${percent(acc)}`, ...(asr === null ? [] : [`ASR ${percent(asr)}`])];
}

function timeLeft(seconds: number | null): string[] {
  return seconds === null ? [] : [`${duration(seconds)} left`];
}

function joined(parts: readonly string[]): string {
  return parts.join(' | ');
}

/** How far something is, in parts that give way where a line is short. */
export interface ProgressParts {
  /** Share that is done, in [0,1]. */
  readonly share: number;
  /** Such as "3/100": stays whatever the width. */
  readonly count: string;
  /** Such as ["loss 0.12", "ACC 93.20 %"]: the first ones give way first. */
  readonly status: readonly string[];
  /** null: not known yet. */
  readonly secondsLeft: number | null;
}

/** Widths of the bar that are tried; 0: no bar. */
const BARS = [24, 16, 10, 0] as const;

/** A bar, the count, the status and the time left in at most `columns` columns. */
export function progressLine(parts: ProgressParts, columns: number): string {
  const {share, count, status, secondsLeft} = parts;
  const left = secondsLeft === null ? [] : [`${duration(secondsLeft)} left`];
  for (let gone = 0; gone <= status.length; gone++) {
    const text = [count, ...status.slice(gone), ...left].join(' | ');
    // All of the status with a shorter bar, before some of it without any.
    const bar = BARS.find((width) => (width === 0 ? 0 : width + 1) + text.length <= columns);
    if (bar !== undefined) return bar === 0 ? text : `${barOf(share, bar)} ${text}`;
  }
  return count.slice(0, columns);
}

/** For a stage that counts nothing: the time that has passed, from the first second on. */
export function elapsedLine(stage: string, milliseconds: number, columns: number): string {
  return milliseconds < 1000 ? '' : `${duration(milliseconds / 1000)} ${stage}`.slice(0, columns);
}

function barOf(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}
