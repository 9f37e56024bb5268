// A thread beside the fuzzer, which a hang of the fuzzer does not stop. It says what is wrong and ends the process.
import {writeSync} from 'node:fs';
import {threadId, workerData} from 'node:worker_threads';
import {MOST_BYTES, MOST_CPU_MS, MOST_WALL_MS} from './limits.mjs';

const EVERY_MS = 50;
const [RUNNING, CPU, WALL, BYTES] = [0, 1, 2, 3];
const state = new Float64Array(workerData);

function faultNow() {
  if (state[RUNNING] === 0) return null;
  const {user, system} = process.cpuUsage();
  if ((user + system) / 1000 - state[CPU] > MOST_CPU_MS) return 'hang';
  if (performance.timeOrigin + performance.now() - state[WALL] > MOST_WALL_MS) return 'hang';
  return process.memoryUsage.rss() - state[BYTES] > MOST_BYTES ? 'memory' : null;
}

setInterval(() => {
  const running = state[RUNNING];
  const fault = faultNow();
  // It may have ended meanwhile, and another begun.
  if (fault === null || state[RUNNING] !== running || threadId === 0) return;
  writeSync(1, `${JSON.stringify({kind: 'killed', fault})}\n`);
  process.kill(process.pid, 'SIGKILL');
}, EVERY_MS);
