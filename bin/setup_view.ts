import {createInterface} from 'node:readline/promises';
import {SauError} from '../lib/errors.js';
import {sizeOf} from '../lib/setup/disk.js';
import type {SetupPlan} from '../lib/setup/plan.js';
import type {SetupProgress} from '../lib/setup/progress.js';
import {interruptible} from './interruptible.js';
import {alignColumns, canDrawBars} from './output.js';

/** Between two lines about a download where there is no terminal to draw a bar on. */
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

/** Asks on a terminal; throws ERR_CONFIG where nobody can be asked, and ERR_ABORTED for a no. */
export async function askConsent(): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new SauError(
      'ERR_CONFIG',
      'Expected --yes, as there is no terminal to ask on. Nothing was changed.',
      {remedy: 'Run `npx sau-native setup --yes` to do what is said above.'},
    );
  }
  const terminal = createInterface({input: process.stdin, output: process.stderr});
  try {
    const answer = await terminal.question('Go on? [Y/n] ');
    if (!/^\s*(y(es)?)?\s*$/i.test(answer)) {
      throw new SauError('ERR_ABORTED', 'Nothing was changed, as you said no');
    }
  } finally {
    terminal.close();
  }
}

/** Runs a call with its progress on stderr; Ctrl-C aborts it, and a second one ends the process at once. */
export async function withSetupView<T>(
  quiet: boolean,
  work: (run: {signal: AbortSignal; onProgress: (progress: SetupProgress) => void}) => Promise<T>,
): Promise<T> {
  const view = await createView(quiet);
  const interrupted = (): SauError => {
    const message =
      'Interrupted. Nothing was installed; a download goes on from here the next time';
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

async function createView(quiet: boolean): Promise<View> {
  if (quiet) return {show: () => undefined, stop: () => undefined};
  const bytes = canDrawBars() ? await byteBar() : byteLines();
  return {
    stop: bytes.stop,
    show: (progress) => {
      if (progress.kind === 'bytes') {
        bytes.show(progress.done, progress.total);
        return;
      }
      bytes.stop();
      process.stderr.write(`${lineOf(progress)}\n`);
    },
  };
}

function lineOf(progress: Exclude<SetupProgress, {readonly kind: 'bytes'}>): string {
  switch (progress.kind) {
    case 'stage':
      return `${progress.message} ...`;
    case 'note':
      return `note: ${progress.message}`;
    case 'pip':
      return `  ${progress.line}`;
  }
}

interface ByteView {
  readonly show: (done: number, total: number | null) => void;
  readonly stop: () => void;
}

async function byteBar(): Promise<ByteView> {
  const {SingleBar, Presets} = await import('cli-progress');
  const options = {format: '{bar} {status}', barsize: 24, clearOnComplete: true, hideCursor: false};
  let bar: InstanceType<typeof SingleBar> | null = null;
  return {
    show: (done, total) => {
      const status = total === null ? sizeOf(done) : `${sizeOf(done)} of ${sizeOf(total)}`;
      if (bar === null) {
        bar = new SingleBar(options, Presets.shades_classic);
        bar.start(total ?? done, done, {status});
      }
      bar.setTotal(total ?? done);
      bar.update(done, {status});
    },
    stop: () => {
      bar?.stop();
      bar = null;
    },
  };
}

function byteLines(): ByteView {
  let next = 0;
  return {
    show: (done, total) => {
      if (total === null || total === 0 || done / total < next) return;
      next = done / total + SHARE_PER_LINE;
      process.stderr.write(`  ${sizeOf(done)} of ${sizeOf(total)}\n`);
    },
    stop: () => {
      next = 0;
    },
  };
}
