import {assertNever} from '../lib/base/errors.js';
import {printable} from '../lib/base/printable.js';
import type {AboutRun, CompareProgress} from '../lib/compare/progress.js';
import type {Progress} from '../lib/run/progress.js';
import {compareEstimateLines} from './estimate_view.js';
import {duration} from './output.js';
import {BarState, countLine, MS_BETWEEN_LINES} from './progress_bar.js';
import {LinesOfRuns, noteLine} from './terminal.js';

/** Shows the progress of a comparison on stderr. */
export interface CompareView {
  onProgress(progress: CompareProgress): void;
  note(message: string): void;
  stop(): void;
}

/** Nothing when quiet; a bar on a terminal outside CI; else a line for each run, and one now and then within. */
export function createCompareView(quiet: boolean): CompareView {
  if (quiet) {
    return {onProgress: () => undefined, note: () => undefined, stop: () => undefined};
  }
  const lines = new LinesOfRuns();
  const state = new CompareState();
  let next = performance.now() + MS_BETWEEN_LINES;
  return {
    onProgress: (progress) => {
      for (const text of state.follow(progress)) lines.write(text);
      lines.show((columns) => state.line(columns));
      if (lines.isTerminal || performance.now() < next) return;
      next = performance.now() + MS_BETWEEN_LINES;
      const counted = state.countLine();
      if (counted !== null) lines.write(counted);
    },
    note: (message) => lines.write(noteLine(printable(message))),
    stop: () => lines.clear(),
  };
}

/** What is shown of a comparison: lines that stay, and the line of the run that goes on. */
export class CompareState {
  readonly #now: () => number;
  /** Notes are told by every run, and are shown once. */
  readonly #notes = new Set<string>();
  #about: AboutRun | null = null;
  #bar: BarState;
  #last: Progress | null = null;

  /** @param now Milliseconds of a clock that only goes on */
  constructor(now = () => performance.now()) {
    this.#now = now;
    this.#bar = new BarState(now);
  }

  /** The lines that a message adds. */
  follow(progress: CompareProgress): readonly string[] {
    switch (progress.kind) {
      case 'kept':
        return [`${titleOf(progress)} | done before`];
      case 'run':
        this.#about = progress;
        this.#bar = new BarState(this.#now);
        this.#last = null;
        return [[`${titleOf(progress)} ...`, ...leftInAll(progress.secondsLeft)].join(' | ')];
      case 'estimate':
        return compareEstimateLines(progress);
      case 'within':
        this.#bar.follow(progress.progress);
        this.#last = progress.progress;
        return this.#noteOf(progress.progress);
      case 'ran': {
        this.#about = null;
        const {seconds, failure} = progress;
        const how =
          failure === null
            ? `done in ${duration(seconds)}`
            : `no result: ${failure.message} (${failure.code})`;
        return [`${titleOf(progress)} | ${how}`];
      }
      case 'reporting':
        return this.#reportingOf(progress.progress);
      default:
        return assertNever(progress);
    }
  }

  /** The run that goes on, at most `columns` long; empty between runs. */
  line(columns: number): string {
    if (this.#about === null) return '';
    const title = titleOf(this.#about);
    const rest = this.#bar.line(Math.max(0, columns - title.length - 3));
    return (rest === '' ? title : `${title} | ${rest}`).slice(0, columns);
  }

  /** The last count as a line of a log; null where there is none. */
  countLine(): string | null {
    const last = this.#last;
    if (this.#about === null || (last?.kind !== 'batch' && last?.kind !== 'images')) return null;
    return `${titleOf(this.#about)} | ${countLine(last)}`;
  }

  #reportingOf(progress: Progress): readonly string[] {
    if (progress.kind === 'stage') return [`report | ${progress.message}`];
    return this.#noteOf(progress);
  }

  #noteOf(progress: Progress): readonly string[] {
    if (progress.kind !== 'note' || this.#notes.has(progress.message)) return [];
    this.#notes.add(progress.message);
    return [noteLine(printable(progress.message))];
  }
}

function titleOf({method, seed, run, runs}: AboutRun): string {
  return `run ${run + 1}/${runs}: ${method}, seed ${seed}`;
}

function leftInAll(seconds: number | null): string[] {
  return seconds === null ? [] : [`about ${duration(seconds)} left in all`];
}
