// npm run bench:growth: the seconds of a round and the memory of the process while one quantity grows. See --help.
//
// It measures the package alone, through its session, on the CPU. In each dimension (clean images, image side,
// classes) one quantity grows and all others stay. In `rounds` each round of one long run is a point.
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
import {join} from 'node:path';
import {CORES, checkFolder, machineFacts, runTool, writeWhole} from '../tool.mjs';
import {Worker} from '../workers.mjs';
import {drawGrowth} from './chart.mjs';
import {dimensions, netOf, warmUpBatches} from './plan.mjs';
import {report, summarizeDimension} from './report.mjs';

const HELP = `Measures how the seconds of a round and the memory of the process grow with the clean images, the
image side, the classes and the rounds; prints Markdown tables and draws a chart.

  npm run bench:growth -- [options]

  --threads <n>       threads of the package (all cores: ${CORES})
  --repeats <n>       processes for each point (3)
  --width <n>         base channels of the PreAct-ResNet18 (8)
  --json <file>       also writes everything as JSON
  --svg <file>        the chart (docs/growth.svg)
  --quick             few and small points, to see that it works
`;

function parse({values, integer}) {
  return {
    threads: integer('threads', CORES),
    repeats: integer('repeats', 3),
    width: integer('width', 8),
    svg: values.svg ?? join(import.meta.dirname, '../../../docs/growth.svg'),
    quick: values.quick === true,
  };
}

async function measure({threads, repeats, width, quick, svg}, temporary, log) {
  await checkFolder(svg);
  const facts = machineFacts();
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
  const result = {
    options: {threads, repeats, width, quick},
    nets: nets.map(({net, trainAcc}) => ({net, trainAcc})),
    dimensions: plan.map((dimension) => {
      const own = jobs.filter(({key}) => key === dimension.key);
      const measured = own.map((job) => job.measured);
      return {...summarizeDimension(dimension, measured), points: dimension.points, measured};
    }),
    machine: {...facts, libtorch: nets[0].libtorch},
  };
  await writeWhole(svg, await drawGrowth(result));
  return result;
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

await runTool('growth', {help: HELP, parse, measure, report});
