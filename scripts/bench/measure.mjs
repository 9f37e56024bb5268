// One part after another, baseline and package in turn.
import {join} from 'node:path';
import {baselineWorker, gpuMemory, nativeWorker} from './workers.mjs';

/** What both sides start from, made by the package in fp32. */
export async function prepare(world) {
  const worker = nativeWorker(world.threads);
  try {
    await worker.request({command: 'load', part: 'prepare', world});
    return await worker.request({command: 'prepare'});
  } finally {
    await worker.close();
  }
}

/** Peak FLOP/s of the machine, through the baseline's torch. */
export async function measurePeaks(python, {threads, device}) {
  const worker = baselineWorker(python, threads);
  try {
    return await worker.request({command: 'peaks', threads, device});
  } finally {
    await worker.close();
  }
}

/**
 * A part's sides as [{precision, seconds: [], peakMiB, restMiB, gpuMiB, last, file}], the baseline first with
 * precision null. Fresh processes for each part, so that a peak belongs to it alone; one warm-up each.
 */
export async function measurePart(part, world, {python, repeats, precisions, temporary, log}) {
  const sides = [
    {precision: null, worker: baselineWorker(python, world.threads)},
    ...precisions.map((precision) => ({precision, worker: nativeWorker(world.threads)})),
  ];
  try {
    for (const side of sides) {
      const own = {...world, precision: side.precision ?? 'fp32'};
      const {restMiB} = await side.worker.request({command: 'load', part, world: own});
      const file = join(temporary, `${part}-${side.precision ?? 'baseline'}.f32`);
      Object.assign(side, {seconds: [], restMiB, file});
    }
    const run = (side, {save, strict = false}) =>
      side.worker.request({command: 'run', part, save: save ? side.file : null, strict});
    for (const side of sides) side.last = await run(side, {save: true});
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const side of sides) side.seconds.push((await run(side, {save: false})).seconds);
      log(
        `${part} ${repeat + 1}/${repeats}: ${sides.map((s) => s.seconds.at(-1).toFixed(3)).join(' s, ')} s`,
      );
    }
    const gpu = gpuMemory();
    for (const side of sides) {
      side.peakMiB = (await side.worker.request({command: 'memory'})).peakMiB;
      side.gpuMiB = gpu.get(side.worker.pid) ?? null;
    }
    // A GPU's convolutions are TF32 in the official procedure: results are compared without.
    if (world.device !== 'cpu') sides[0].last = await run(sides[0], {save: true, strict: true});
    return sides.map(({worker, ...measured}) => measured);
  } finally {
    await Promise.all(sides.map(({worker}) => worker.close()));
  }
}
