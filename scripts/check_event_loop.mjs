// Does the event loop stay free during `defend`? A 20 ms timer must never be more than 50 ms late.
//   node scripts/check_event_loop.mjs --ckpt record/badnet_demo [--data DIR] [--clean 64] [--rounds 1] [--test-limit 200]
// A late tick has two causes: the thread was busy, or it was ready and had to wait for a CPU. Only the first one is
// ours. Linux counts both, and the timer of an idle process beside this one shows the second.
import {fork} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const PERIOD_MS = 20;
const LIMIT_MS = 50;

/** Calls `late` with the lateness of each tick in ms. Returns a function that stops it. */
function startTimer(late) {
  let expected = performance.now() + PERIOD_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    late(Math.max(0, now - expected));
    expected = now + PERIOD_MS;
  }, PERIOD_MS);
  return () => clearInterval(timer);
}

/** CPU time of the JS thread so far in ms; null if the system does not say. */
function busyTime() {
  try {
    const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8');
    return Number(text.split(' ')[0]) / 1e6;
  } catch {
    return null;
  }
}

function summary(lags) {
  const sorted = lags.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const ms = (value) => `${(value ?? 0).toFixed(1)} ms`;
  return `max ${ms(sorted.at(-1))}, p99 ${ms(at(0.99))}, median ${ms(at(0.5))} of ${lags.length} ticks`;
}

/** The idle process, which measures until its parent disconnects. */
function measureIdle() {
  const lags = [];
  startTimer((lag) => lags.push(lag));
  process.on('message', () => process.send(summary(lags), () => process.exit(0)));
}

function readOptions() {
  const text = {type: 'string'};
  const options = {ckpt: text, data: text, clean: text, rounds: text, 'test-limit': text};
  const {values} = parseArgs({options: {...options, device: text, threads: text}});
  const {'test-limit': testLimit, ...rest} = values;
  return testLimit === undefined ? rest : {...rest, testLimit};
}

async function measureDefend() {
  const {defend} = await import('../dist/lib/index.mjs');
  await import('vega');
  const idle = fork(fileURLToPath(import.meta.url), ['--idle']);
  const out = await mkdtemp(join(tmpdir(), 'sau-event-loop-'));
  const lags = [];
  const worst = new Map();
  let stage = 'start';
  let busyBefore = busyTime();
  const stop = startTimer((lag) => {
    const busyNow = busyTime();
    const busy = busyNow - busyBefore;
    busyBefore = busyNow;
    lags.push(lag);
    const known = worst.get(stage) ?? {lag: 0, busy: 0};
    worst.set(stage, {lag: Math.max(lag, known.lag), busy: Math.max(busy, known.busy)});
  });
  try {
    const options = {clean: '64', rounds: '1', ...readOptions(), out};
    const {seconds} = await defend(options, {
      onProgress: (progress) => {
        if (progress.kind === 'stage') stage = progress.message;
      },
    });
    stop();
    const answer = new Promise((resolve) => idle.once('message', resolve));
    idle.send('stop');
    console.log(`defend of ${seconds.toFixed(1)} s, a timer every ${PERIOD_MS} ms`);
    console.log(`late by: ${summary(lags)}`);
    for (const [name, {lag, busy}] of worst) {
      const ours =
        busyBefore === null ? '' : `, busy for at most ${busy.toFixed(1)} ms between ticks`;
      console.log(`  ${name}: max ${lag.toFixed(1)} ms${ours}`);
    }
    console.log(`an idle process meanwhile: ${await answer}`);
    if (Math.max(...lags) > LIMIT_MS) process.exitCode = 1;
  } finally {
    stop();
    idle.kill();
    await rm(out, {recursive: true, force: true});
  }
}

if (process.argv.includes('--idle')) measureIdle();
else await measureDefend();
