import {assertNever} from '../lib/base/errors.js';
import {printable, printableLines} from '../lib/base/printable.js';
import type {SweepProgress} from '../lib/sweep/progress.js';
import type {SweepCounts} from '../lib/sweep/status.js';
import {duration} from './output.js';
import {type Counted, countLine, MS_BETWEEN_LINES, progressLine} from './progress_bar.js';
import {countsLine} from './sweep_tables.js';
import {LinesOfRuns, noteLine} from './terminal.js';

/** Shows the progress of a sweep on stderr. */
export interface SweepView {
  onProgress(progress: SweepProgress): void;
  note(message: string): void;
  stop(): void;
}

/** Nothing when quiet; one line on a terminal outside CI, above it what failed; else a line for each step that has ended. */
export function createSweepView(quiet: boolean): SweepView {
  if (quiet) {
    return {onProgress: () => undefined, note: () => undefined, stop: () => undefined};
  }
  const lines = new LinesOfRuns();
  const state = new SweepState({tellsAll: !lines.isTerminal});
  return {
    onProgress: (progress) => {
      for (const text of state.follow(progress)) lines.write(text);
      lines.show((columns) => state.line(columns));
    },
    note: (message) => lines.write(noteLine(printable(message))),
    stop: () => lines.clear(),
  };
}

/** What is shown of a sweep: lines that stay, and the line of all its steps. */
export class SweepState {
  readonly #tellsAll: boolean;
  readonly #now: () => number;
  /** Notes are told by many steps, and are shown once. */
  readonly #notes = new Set<string>();
  /** How far each step is that goes on, in words. */
  readonly #running = new Map<string, string>();
  /** When a step that goes on may have a line again. */
  #nextLine = 0;
  #counts: SweepCounts | null = null;
  #secondsLeft: number | null = null;
  /** When the time left was told. */
  #since = 0;

  /**
   * @param tellsAll Whether each step that is done has a line
   * @param now Milliseconds of a clock that only goes on
   */
  constructor({tellsAll}: {readonly tellsAll: boolean}, now = () => performance.now()) {
    this.#tellsAll = tellsAll;
    this.#now = now;
    this.#nextLine = now() + MS_BETWEEN_LINES;
  }

  /** The lines that a message adds. */
  follow(progress: SweepProgress): readonly string[] {
    switch (progress.kind) {
      case 'opened': {
        const {counts, todo, jobs} = progress;
        this.#counts = counts;
        return [`${countsLine(counts)}; ${todo} to do, ${jobs} at once`];
      }
      case 'begun':
        this.#running.set(progress.step.folder, '');
        return [];
      case 'within':
        return this.#within(progress);
      case 'ended':
        return this.#ended(progress);
      case 'note':
        return this.#noteOf(printableLines(progress.message)); // of our own, with commands to copy
      default:
        return assertNever(progress);
    }
  }

  /** How far the sweep is, at most `columns` long; empty before it has begun. */
  line(columns: number): string {
    if (this.#counts === null) return '';
    const {total, done, failed} = this.#counts;
    const passed = (this.#now() - this.#since) / 1000;
    const left = this.#secondsLeft === null ? null : Math.max(0, this.#secondsLeft - passed);
    const [first] = this.#running;
    const others = this.#running.size - 1;
    const running =
      first === undefined
        ? []
        : [`${first.join(' ').trimEnd()}${others > 0 ? ` and ${others} more` : ''}`];
    return progressLine(
      {
        share: done / Math.max(1, total),
        count: `${done}/${total}${failed === 0 ? '' : `, ${failed} failed`}`,
        status: running,
        secondsLeft: left,
      },
      columns,
    );
  }

  #ended(progress: Extract<SweepProgress, {kind: 'ended'}>): readonly string[] {
    const {step, seconds, failure, counts, secondsLeft} = progress;
    this.#running.delete(step.folder);
    this.#counts = counts;
    this.#secondsLeft = secondsLeft;
    this.#since = this.#now();
    if (failure !== null) {
      return [`${step.folder} | failed: ${printable(failure.message)} (${failure.code})`];
    }
    if (!this.#tellsAll) return [];
    const left = secondsLeft === null ? [] : [`about ${duration(secondsLeft)} left`];
    return [[step.folder, `done in ${duration(seconds)}`, countsLine(counts), ...left].join(' | ')];
  }

  #within({step, progress}: Extract<SweepProgress, {kind: 'within'}>): readonly string[] {
    if (progress.kind === 'note') return this.#noteOf(printable(progress.message), step.folder);
    if (progress.kind !== 'batch' && progress.kind !== 'images') return [];
    if (progress.kind === 'batch') this.#running.set(step.folder, partOf(progress));
    if (!this.#tellsAll || this.#now() < this.#nextLine) return [];
    this.#nextLine = this.#now() + MS_BETWEEN_LINES;
    return [`${step.folder} | ${countLine(progress)}`];
  }

  #noteOf(message: string, of = ''): readonly string[] {
    if (this.#notes.has(message)) return [];
    this.#notes.add(message);
    return [noteLine(of === '' ? message : `${of}: ${message}`)];
  }
}

/** Such as "12/30, 4:10 left". */
function partOf({round, rounds, secondsLeft}: Extract<Counted, {kind: 'batch'}>): string {
  const left = secondsLeft === null ? '' : `, ${duration(secondsLeft)} left`;
  return `${Math.min(round + 1, rounds)}/${rounds}${left}`;
}
