// Loads the training images of an image folder and prints seconds, CPU seconds and how late a timer was as JSON.
//   node photographs_worker.mjs FOLDER SIDE RESIZE CROP INTERPOLATION
import {readFileSync} from 'node:fs';
import {openDataset} from './package.mjs';

const PERIOD_MS = 20;

/** CPU time of the JS thread so far in ms. */
function threadTime() {
  const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8');
  return Number(text.split(' ')[0]) / 1e6;
}

const [folder, side, resize, crop, interpolation] = process.argv.slice(2);
const dataset = await openDataset({
  path: folder,
  dataset: 'imagefolder',
  size: {height: Number(side), width: Number(side)},
  transform: {
    resize: resize === 'none' ? null : resize,
    crop: crop === 'none' ? null : Number(crop),
    interpolation,
  },
});
let expected = performance.now() + PERIOD_MS;
let thread = threadTime();
const latest = {lateMs: 0, busyMs: 0};
const timer = setInterval(() => {
  const [now, used] = [performance.now(), threadTime()];
  latest.lateMs = Math.max(latest.lateMs, now - expected);
  latest.busyMs = Math.max(latest.busyMs, used - thread);
  [expected, thread] = [now + PERIOD_MS, used];
}, PERIOD_MS);
const start = performance.now();
const cpu = process.cpuUsage();
const {count} = await dataset.loadTrain();
const seconds = (performance.now() - start) / 1000;
const {user, system} = process.cpuUsage(cpu);
clearInterval(timer);
console.log(JSON.stringify({count, seconds, cpuSeconds: (user + system) / 1e6, ...latest}));
