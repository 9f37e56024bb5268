import {createInterface} from 'node:readline/promises';
import {SauError} from '../lib/base/errors.js';
import {sizeOf} from '../lib/download/disk.js';
import type {SetupPlan} from '../lib/setup/plan.js';
import type {SetupProgress} from '../lib/setup/progress.js';
import {interruptible} from './long_run.js';
import {alignColumns} from './output.js';
import {elapsedLine, type ProgressParts, progressLine} from './progress_bar.js';
import {canDraw, noteLine, StatusLine} from './terminal.js';

/** Time between two lines about a download if there is no terminal for a bar. */
const SHARE_PER_LINE = 0.1;

/** What setup is going to do: what, why, from where, how much and to where. */
export function planTable(plan: SetupPlan): string {
  const {version, variant, reason, from, fetchedBytes, installedBytes, destination} = plan;
  const isLocal = plan.source.kind === 'archive';
  const fetched =
    fetchedBytes === null ? [] : [`${sizeOf(fetchedBytes)} ${isLocal ? 'packed' : 'to fetch'}`];
  const installed = installedBytes === null ? [] : [`${sizeOf(installedBytes)} on disk`];
  const sizes = [...fetched, ...installed];
  return alignColumns(
    [
      ['LibTorch', `${version}${variant === null ? '' : `, ${variant}`} (${reason})`],
      ['from', from],
      ['size', sizes.length === 0 ? 'not known before' : `about ${sizes.join(', ')}`],
      ['to', destination],
    ],
    'left',
  );
}

/**
 * Asks on a terminal. Throws ERR_CONFIG if nobody can be asked, and ERR_ABORTED if the answer is no.
 * @param unasked The command that asks nothing
 */
export async function askConsent(unasked: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new SauError(
      'ERR_CONFIG',
      'Expected --yes, as there is no terminal to ask on. Nothing was changed.',
      {remedy: `Run \`npx sau-native ${unasked}\` to do what is said above.`},
    );
  }
  const terminal = createInterface({input: process.stdin, output: process.stderr});
  try {
    const answer = await terminal.question('Go on? [Y/n] ');
    if (!/^\s*(y(es)?)?\s*$/i.test(answer)) {
      throw new SauError('ERR_ABORTED', 'Nothing was changed, because you answered no');
    }
  } finally {
    terminal.close();
  }
}

/** Runs a call with its progress on stderr. Ctrl-C aborts it, and a second Ctrl-C ends the process at once. */
export async function withSetupView<T>(
  quiet: boolean,
  work: (run: {signal: AbortSignal; onProgress: (progress: SetupProgress) => void}) => Promise<T>,
): Promise<T> {
  const view = createView(quiet);
  const interrupted = (): SauError => {
    const message = 'Interrupted. Nothing was installed; the next call continues the download';
    return new SauError('ERR_ABORTED', message);
  };
  return interruptible(
    interrupted,
    () => view.stop(),
    (signal) => work({signal, onProgress: view.show}),
  );
}

interface View {
  readonly show: (progress: SetupProgress) => void;
  readonly stop: () => void;
}

function createView(quiet: boolean): View {
  if (quiet) return {show: () => undefined, stop: () => undefined};
  return canDraw(process.stderr) ? createBar() : createLines();
}

/** A bar of bytes, and the time that passes where none are counted. */
function createBar(): View {
  const line = new StatusLine(process.stderr);
  return {
    stop: () => line.clear(),
    show: (progress) => {
      if (progress.kind === 'bytes') {
        const parts = byteParts(progress.done, progress.total);
        line.show((columns) => progressLine(parts, columns));
        return;
      }
      line.write(lineOf(progress));
      if (progress.kind !== 'stage') return;
      const start = performance.now();
      line.show((columns) => elapsedLine(progress.message, performance.now() - start, columns));
    },
  };
}

function byteParts(done: number, total: number | null): ProgressParts {
  const count = total === null ? sizeOf(done) : `${sizeOf(done)} of ${sizeOf(total)}`;
  return {
    share: total === null || total === 0 ? 0 : done / total,
    count,
    status: [],
    secondsLeft: null,
  };
}

function createLines(): View {
  let next = 0;
  const note = (text: string): boolean => process.stderr.write(`${text}\n`);
  return {
    stop: () => undefined,
    show: (progress) => {
      if (progress.kind !== 'bytes') {
        next = 0;
        note(lineOf(progress));
        return;
      }
      const {done, total} = progress;
      if (total === null || total === 0 || done / total < next) return;
      next = done / total + SHARE_PER_LINE;
      note(`  ${sizeOf(done)} of ${sizeOf(total)}`);
    },
  };
}

function lineOf(progress: Exclude<SetupProgress, {readonly kind: 'bytes'}>): string {
  switch (progress.kind) {
    case 'stage':
      return `${progress.message} ...`;
    case 'note':
      return noteLine(progress.message);
    case 'pip':
      return `  ${progress.line}`;
  }
}
