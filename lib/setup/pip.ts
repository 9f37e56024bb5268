import {execFile, spawn} from 'node:child_process';
import {mkdir, readdir, readFile, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {promisify} from 'node:util';
import {messageOf, SauError} from '../base/errors.js';
import {thisPlatform} from '../native/platforms.js';
import type {PinnedVariant, Pins, PipSource} from './pins.js';
import type {SetupRun} from './progress.js';

/** Such as python3: what users type too. */
export const PYTHON = thisPlatform().system.python;
/** Isolated: a file pip.py in the current folder is not what Python runs, nor what its environment variables name. */
const PIP = ['-I', '-m', 'pip'] as const;
/** How many of pip's lines an error repeats. */
const LAST_LINES = 6;
/** Nothing that is fetched is executed, neither to build it nor later. */
const BINARY = ['--only-binary=:all:', '--no-compile'];

/** One way to ask pip for LibTorch. */
export interface PipAttempt extends PipSource {
  /** The Python version of the wheel, if it is not that of the Python that runs pip. */
  readonly wheelPython?: string;
}

/**
 * The ways to ask for a variant: first as the user has configured pip, then with PyTorch's own index in addition,
 * then for the wheel of another Python, whose C++ libraries are equal.
 */
export function pipAttempts(
  pins: Pins,
  {pip: known}: PinnedVariant,
  version: string,
): PipAttempt[] {
  const sources = known.map((source) => ({
    ...source,
    requirement: source.requirement.replace(pins.version, version),
  }));
  const {wheelPython} = pins;
  return [...sources, ...sources.slice(-1).map((source) => ({...source, wheelPython}))];
}

/** Whether python3 has pip. */
export async function hasPip(env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  try {
    await promisify(execFile)(PYTHON, [...PIP, '--version'], {env, timeout: 30_000});
    return true;
  } catch {
    return false;
  }
}

/** The arguments of python3, both for running and for showing them. */
export function pipArguments(target: string, attempt: PipAttempt): string[] {
  const {requirement, extraIndex, wheelPython} = attempt;
  return [
    ...[...PIP, 'install', ...BINARY, '--no-deps', '--target', target],
    ...(extraIndex === undefined ? [] : ['--extra-index-url', extraIndex]),
    ...(wheelPython === undefined ? [] : ['--python-version', wheelPython]),
    requirement,
  ];
}

/**
 * Installs a wheel into a folder of its own, so that no Python environment is changed. Throws ERR_DOWNLOAD or
 * ERR_OUTPUT.
 */
export function fetchWheel(target: string, attempt: PipAttempt, run: SetupRun): Promise<void> {
  return pip(target, pipArguments(target, attempt), run);
}

/** Installs the NVIDIA libraries that the wheel in a folder needs beside it, where it finds them. */
export async function fetchNvidiaLibraries(target: string, run: SetupRun): Promise<void> {
  const info = (await readdir(target)).find((name) => /^torch-.*\.dist-info$/.test(name));
  const metadata = info === undefined ? '' : await readFile(join(target, info, 'METADATA'), 'utf8');
  const required = /^Requires-Dist: ((?:nvidia|cuda-toolkit).*)$/gm;
  const requirements = [...metadata.matchAll(required)].map((match) => String(match[1]));
  if (requirements.length === 0) return;
  await pip(target, [...PIP, 'install', ...BINARY, '--target', target, ...requirements], run);
}

/**
 * pip's temporary files go beside the result, because the usual folder is often too small, and so that an abort
 * removes them too.
 */
async function pip(target: string, args: readonly string[], run: SetupRun): Promise<void> {
  const lines: string[] = [];
  const temporary = join(target, '.tmp');
  await mkdir(temporary, {recursive: true});
  const child = spawn(PYTHON, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: run.signal,
    killSignal: 'SIGINT',
    env: {
      ...process.env,
      ...{TMPDIR: temporary, TEMP: temporary, TMP: temporary},
      PIP_ROOT_USER_ACTION: 'ignore',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      // Warnings about installing into an environment, which does not happen here:
      PIP_USER: '0',
      PIP_REQUIRE_VIRTUALENV: '0',
    },
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', (error) => {
      // An abort is an error at once, but pip keeps writing until it has ended.
      if (child.pid === undefined) reject(error);
    });
    child.on('close', resolve);
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({input: stream}).on('line', (line) => {
      if (line.trim() === '') return;
      lines.push(line);
      run.onProgress({kind: 'pip', line});
    });
  }
  const status = await closed.catch((error: unknown) => {
    run.signal.throwIfAborted();
    throw failed(args, messageOf(error), []);
  });
  run.signal.throwIfAborted();
  await rm(temporary, {recursive: true, force: true});
  if (status !== 0) throw failed(args, `it ended with ${status}`, lines);
}

function failed(args: readonly string[], reason: string, lines: readonly string[]): SauError {
  const last = lines.slice(-LAST_LINES);
  const isFull = last.some((line) => /No space left on device|Disk quota exceeded/.test(line));
  const said = last.map((line) => `\n  ${line}`).join('');
  return new SauError(
    isFull ? 'ERR_OUTPUT' : 'ERR_DOWNLOAD',
    `Expected \`${PYTHON} ${args.join(' ')}\` to succeed but ${reason}.${said}`,
    {
      remedy: isFull
        ? 'Free some space, or choose another folder with SAU_NATIVE_CACHE.'
        : 'See what pip said. Its index and proxy settings apply; `npx sau-native setup --from` takes a file instead.',
    },
  );
}
