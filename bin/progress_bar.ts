import type {Metrics} from '../lib/metrics.js';
import type {Progress} from '../lib/progress.js';
import type {RoundReport} from '../lib/results.js';
import {canDrawBars, duration, percent} from './output.js';

/** Shows the progress of a long call on stderr. */
export interface ProgressView {
  onProgress(progress: Progress): void;
  note(message: string): void;
  stop(): void;
}

/** Nothing when quiet; a bar on a terminal outside CI; else plain lines, one per round. */
export async function createProgressView(quiet: boolean): Promise<ProgressView> {
  if (quiet) {
    return {onProgress: () => undefined, note: () => undefined, stop: () => undefined};
  }
  return canDrawBars() ? createBar() : createLines();
}

function createLines(): ProgressView {
  const note = (message: string) => process.stderr.write(`${message}\n`);
  return {
    onProgress: (progress) => {
      const line = lineOf(progress);
      if (line !== null) {
        note(line);
      }
    },
    note,
    stop: () => undefined,
  };
}

async function createBar(): Promise<ProgressView> {
  const {MultiBar, Presets} = await import('cli-progress');
  const style = {
    format: '{bar} {status}',
    barsize: 24,
    clearOnComplete: true,
    hideCursor: false,
    gracefulExit: false,
    emptyOnZero: true,
  };
  const screen = new MultiBar(style, Presets.shades_classic);
  let bar: ReturnType<typeof screen.create> | undefined;
  let status = '';

  const note = (message: string) => {
    if (bar === undefined) {
      process.stderr.write(`${message}\n`);
    } else {
      screen.log(`${message}\n`);
    }
  };
  const advance = (done: number, total: number, text: string) => {
    bar ??= screen.create(total, 0, {status: text});
    bar.setTotal(total);
    bar.update(done, {status: text});
  };
  return {
    onProgress: (progress) => {
      if (progress.kind === 'batch') {
        const {round, rounds, batch, batches, secondsLeft} = progress;
        const parts = [`${round + 1}/${rounds}`, status, timeLeft(secondsLeft)];
        advance(round * batches + batch, rounds * batches, joined(parts));
      } else if (progress.kind === 'round') {
        const {report, rounds, secondsLeft} = progress;
        status = measured(report);
        bar?.update({
          status: joined([`${report.round + 1}/${rounds}`, status, timeLeft(secondsLeft)]),
        });
      } else {
        const line = lineOf(progress);
        if (line !== null) {
          note(line);
        }
      }
    },
    note,
    stop: () => {
      screen.stop();
      bar = undefined;
    },
  };
}

function lineOf(progress: Progress): string | null {
  switch (progress.kind) {
    case 'stage':
      return `${progress.message} ...`;
    case 'note':
      return `note: ${progress.message}`;
    case 'before':
      return joined(['before', rates(progress.metrics)]);
    case 'batch':
      return null;
    case 'round': {
      const {report, rounds, secondsLeft} = progress;
      const unit = 'trainAcc' in report.figures ? 'epoch' : 'round';
      const count = `${unit} ${report.round + 1}/${rounds}`;
      return joined([count, measured(report), timeLeft(secondsLeft)]);
    }
  }
}

/** The last round's loss and rates. */
function measured({figures, metrics}: RoundReport): string {
  const [[name, value] = ['loss', null]] = Object.entries(figures);
  const first = value === null ? '' : `${name} ${value.toPrecision(4)}`;
  return joined([first, metrics === null ? '' : rates(metrics)]);
}

function rates({acc, asr}: Metrics): string {
  return joined([`ACC ${percent(acc)}`, asr === null ? '' : `ASR ${percent(asr)}`]);
}

function timeLeft(seconds: number | null): string {
  return seconds === null ? '' : `${duration(seconds)} left`;
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' | ');
}
