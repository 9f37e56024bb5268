// npm run bench:growth: the seconds of a round and the memory of the process as one thing grows. See --help.
//
// The package alone, through its session, on the CPU. In each dimension (clean images, image side, classes) one
// thing grows and all else stays; in `rounds` one run goes on, and each of its rounds is a point.
//   Nets    What PGD costs depends on the net: an image that is shared leaves the search, and with fresh weights that
//           is not as it is with a trained net. So each net is trained for a few epochs on drawn patterns, and its
//           trainee has a few batches of unlearning behind it (in the very first both nets are equal and PGD is
//           untypically short). There is no backdoor in it; the share of suspects stands in the tables.
//   Points  A fresh process for each point and repeat. It loads, forgets its peak, warms up with as many batches as
//           the longest round has, restores the trainee and does one round against the clock. Repeats go over all
//           points in turn, every other one backwards, so that a slow minute of the machine is not taken for growth.
//   Memory  The resident set of the whole process, with Node.js and LibTorch in it: before the first round, and
//           its peak since then. In `rounds` resident memory and peak of every round, and their least-squares
//           slope after the first rounds: what a round leaves behind.
import {access, constants, mkdtemp, rm} from 'node:fs/promises';
import {availableParallelism, cpus, loadavg, tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {packageModule} from '../native_options.mjs';
import {Worker} from '../workers.mjs';
import {drawGrowth} from './chart.mjs';
import {HELP, parseGrowthOptions} from './options.mjs';
import {dimensions, netOf, warmUpBatches} from './plan.mjs';
import {report} from './report.mjs';
import {summarizeDimension} from './summary.mjs';

const {writeWholeFile} = packageModule('whole_file');

const log = (line) => console.error(`growth: ${line}`);

async function growth({threads, repeats, width, quick}, temporary) {
  const [date, load] = [new Date().toISOString(), loadavg()[0]];
  const plan = dimensions(quick);
  const jobs = plan.flatMap(({key, points}) =>
    points.map((point) => ({key, point, net: netOf(point), measured: []})),
  );
  const ask = (command, {point, net}) =>
    inFreshProcess({
      ...{command, point, width, threads, warmUp: warmUpBatches(quick)},
      reference: join(temporary, `${net}-reference.pt`),
      trainee: join(temporary, `${net}-trainee.pt`),
    });

  const nets = [];
  for (const job of jobs) {
    if (nets.some(({net}) => net === job.net)) continue;
    const prepared = await ask('prepare', job);
    nets.push({net: job.net, ...prepared});
    log(`trained ${job.net}: accuracy ${(100 * prepared.trainAcc).toFixed(0)} %`);
  }
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const job of repeat % 2 === 0 ? jobs : jobs.toReversed()) {
      job.measured.push(await ask('measure', job));
      log(
        `${repeat + 1}/${repeats} ${job.key} ${job.point[job.key]}: ${took(job.measured.at(-1))}`,
      );
    }
  }
  return {
    options: {threads, repeats, width, quick},
    nets: nets.map(({net, trainAcc}) => ({net, trainAcc})),
    dimensions: plan.map((dimension) => {
      const own = jobs.filter(({key}) => key === dimension.key);
      const measured = own.map((job) => job.measured);
      return {...summarizeDimension(dimension, measured), points: dimension.points, measured};
    }),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown CPU',
      cores: availableParallelism(),
      libtorch: nets[0].libtorch,
      node: process.versions.node,
      ...{date, load},
    },
  };
}

async function inFreshProcess(request) {
  const threads = String(request.threads);
  const worker = new Worker(
    `growth of ${netOf(request.point)}`,
    process.execPath,
    ['--expose-gc', join(import.meta.dirname, 'worker.mjs')],
    {OMP_NUM_THREADS: threads, MKL_NUM_THREADS: threads},
  );
  try {
    return await worker.request(request);
  } finally {
    await worker.close();
  }
}

function took({seconds, peakMiB, rounds}) {
  if (rounds === undefined) return `${seconds.toFixed(3)} s, peak ${peakMiB.toFixed(0)} MiB`;
  return `${rounds.reduce((sum, round) => sum + round.seconds, 0).toFixed(3)} s`;
}

/** Now, not after all the measuring. */
async function checkFolder(path) {
  const folder = dirname(resolve(path));
  try {
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new Error(`Expected a folder to write ${path} into but received ${cause.code}`, {cause});
  }
}

async function main() {
  const options = parseGrowthOptions(process.argv.slice(2));
  if (options === null) return console.log(HELP);
  for (const path of [options.svg, options.json]) {
    if (path !== null) await checkFolder(path);
  }
  const temporary = await mkdtemp(join(tmpdir(), 'sau-growth-'));
  try {
    const result = await growth(options, temporary);
    if (options.json !== null) {
      await writeWholeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    await writeWholeFile(options.svg, await drawGrowth(result));
    console.log(report(result));
  } finally {
    await rm(temporary, {recursive: true, force: true});
  }
}

main().catch((error) => {
  console.error(`growth: ${error.message}`);
  process.exitCode = 1;
});
