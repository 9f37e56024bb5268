// Processes that answer JSON lines: the side that asks, and the side that answers.
import {execFileSync, spawn} from 'node:child_process';
import {readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {createInterface} from 'node:readline';

const here = import.meta.dirname;

/** A process that answers one JSON line on its stdin with one on its stdout, in turn. */
export class Worker {
  #child;
  #waiting = null;

  constructor(name, command, args, env) {
    this.name = name;
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {...process.env, ...env},
    });
    const fail = (reason) => this.#settle({error: `${name}: ${reason}`});
    this.#child.on('error', (error) => fail(error.message));
    this.#child.on('close', (code, signal) => fail(`ended with ${signal ?? code}`));
    this.#child.stdin.on('error', () => {}); // the event "close" gives the reason
    createInterface({input: this.#child.stdout}).on('line', (line) => this.#answer(line));
  }

  get pid() {
    return this.#child.pid;
  }

  /** Sends a message and returns the answer. Throws the worker's error. */
  async request(message) {
    if (this.#ended) throw new Error(`${this.name} has ended`);
    const answer = await new Promise((resolve) => {
      this.#waiting = resolve;
      this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    });
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  /** Ends the process and waits for its end. */
  async close() {
    if (this.#ended) return;
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGKILL'); // it holds only memory
    await ended;
  }

  get #ended() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #answer(line) {
    try {
      this.#settle(JSON.parse(line));
    } catch {
      this.#settle({error: `${this.name}: expected a line of JSON but received ${line}`});
    }
  }

  #settle(answer) {
    this.#waiting?.(answer);
    this.#waiting = null;
  }
}

const environment = (threads) => ({
  OMP_NUM_THREADS: String(threads),
  MKL_NUM_THREADS: String(threads),
});

export function baselineWorker(python, threads) {
  return new Worker(
    'baseline',
    python,
    ['-u', join(here, 'baseline_worker.py')],
    environment(threads),
  );
}

export function nativeWorker(threads) {
  const args = ['--expose-gc', join(here, 'native_worker.mjs')];
  return new Worker('native', process.execPath, args, environment(threads));
}

/** Runs a command to its end and returns {seconds, cpuSeconds, peakMiB, stdout}. Shows its stderr only if it fails. */
export async function timedProcess(python, threads, argv) {
  const worker = new Worker(
    'defend',
    python,
    ['-u', join(here, 'timed_process.py')],
    environment(threads),
  );
  try {
    return await worker.request({argv});
  } finally {
    await worker.close();
  }
}

/** MiB that processes hold on GPUs, by pid; empty if nvidia-smi does not say. */
export function gpuMemory() {
  try {
    const query = ['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits'];
    const lines = execFileSync('nvidia-smi', query, {encoding: 'utf8', stdio: 'pipe'}).split('\n');
    const rows = lines.map((line) => line.split(',').map(Number));
    return new Map(rows.filter(([pid, used]) => pid > 0 && used > 0));
  } catch {
    return new Map();
  }
}

/** Answers with what `answer(request)` resolves to, or with {error}, until stdin ends. */
export async function answerLines(name, answer) {
  for await (const line of createInterface({input: process.stdin})) {
    const reply = await answer(JSON.parse(line)).catch((error) => {
      console.error(error);
      return {error: `${name}: ${error.message}`};
    });
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
}

/** From here on the peak counts anew. Resident memory of this process (Linux), as in baseline_worker.py. */
export function resetPeak() {
  return writeFile('/proc/self/clear_refs', '5');
}

export function residentMiB() {
  return status('VmRSS');
}

export function peakMiB() {
  return status('VmHWM');
}

async function status(field) {
  const text = await readFile('/proc/self/status', 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)[1]) / 1024;
}
