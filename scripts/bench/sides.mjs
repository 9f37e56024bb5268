// How a part is run and timed: baseline and package in turn.
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {baselineWorker, gpuMemory, nativeWorker, timedProcess} from './workers.mjs';

const here = import.meta.dirname;

/**
 * Precisions of the baseline. On CUDA PyTorch's stock settings let its convolutions be TF32; beside it runs a strict
 * one in float32. The strict one is the last, and results are compared with it.
 */
export function baselinePrecisions(device) {
  return device === 'cpu' ? ['fp32'] : ['tf32', 'fp32'];
}

/** The package makes the state that both sides start from, in fp32. */
export async function prepare(world) {
  const worker = nativeWorker(world.threads);
  try {
    await worker.request({command: 'load', part: 'prepare', world: {...world, precision: 'fp32'}});
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
 * A part's sides as [{isBaseline, precision, seconds: [], peakMiB, restMiB, gpuMiB, last}], where `last` is the side's
 * last answer; sides of pgd and outer have the `file` that they saved. Fresh processes for each part, so that a peak
 * belongs to it alone; one warm-up each. The strict baseline of pgd has the file `yardstick` too: its perturbation with
 * other rounding.
 */
export async function measurePart(part, world, options) {
  const {python, repeats, precisions, temporary, log} = options;
  const sides = sidesOf(world, precisions);
  const workers = sides.map(({isBaseline}) =>
    isBaseline ? baselineWorker(python, world.threads) : nativeWorker(world.threads),
  );
  const ask = (side, request) => workers[sides.indexOf(side)].request(request);
  const run = (side, save) => ask(side, {command: 'run', part, save});
  try {
    for (const side of sides) {
      const {precision} = side;
      const {restMiB} = await ask(side, {command: 'load', part, world: {...world, precision}});
      Object.assign(side, {restMiB, file: join(temporary, `${part}-${side.name}.f32`)});
    }
    for (const side of sides) side.last = await run(side, side.file);
    for (let repeat = 0; repeat < repeats; repeat++) {
      for (const side of sides) side.seconds.push(timeOf(await run(side, null), options));
      log(`${part} ${repeat + 1}/${repeats}: ${lastSeconds(sides, 3)}`);
    }
    const gpu = gpuMemory();
    for (const side of sides) {
      side.peakMiB = (await ask(side, {command: 'memory'})).peakMiB;
      side.gpuMiB = gpu.get(workers[sides.indexOf(side)].pid) ?? null;
    }
    if (part === 'pgd') {
      const strict = strictBaseline(sides);
      strict.yardstick = join(temporary, 'pgd-yardstick.f32');
      await ask(strict, {command: 'run', part: 'yardstick', save: strict.yardstick});
    }
    return sides;
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
}

/**
 * The part `defend`, as measurePart: whole processes from start to file, `sau-native defend` and
 * scripts/oracle/run_record.py, of one round each, evaluated before and after. No warm-up: a process has nothing to
 * warm but the page cache, and the files were read before.
 */
export async function measureDefend(world, options) {
  const {python, repeats, precisions, temporary, log} = options;
  const folder = join(temporary, 'defend');
  await mkdir(folder);
  const order = join(folder, 'order.json');
  await writeFile(order, JSON.stringify([...world.cleanIndices.keys()]));
  const sides = sidesOf(world, precisions);
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const side of sides) {
      const out = join(folder, side.name);
      const argv = side.isBaseline
        ? baselineCommand(world, side.precision, {python, out, order})
        : nativeCommand(world, side.precision, {out, order});
      const {peakMiB, stdout, ...times} = await timedProcess(python, world.threads, argv);
      side.seconds.push(timeOf(times, options));
      side.peakMiB = Math.max(side.peakMiB, peakMiB);
      side.last = side.isBaseline ? await baselineResult(out) : await nativeResult(out, stdout);
    }
    log(`defend ${repeat + 1}/${repeats}: ${lastSeconds(sides, 2)}`);
  }
  return sides;
}

function timeOf({seconds, cpuSeconds}, {clock}) {
  return clock === 'cpu' ? cpuSeconds : seconds;
}

export function strictBaseline(sides) {
  return sides.findLast(({isBaseline}) => isBaseline);
}

function sidesOf({device}, precisions) {
  const side = (isBaseline, precision) => ({
    ...{isBaseline, precision, name: `${isBaseline ? 'baseline' : 'package'}-${precision}`},
    ...{seconds: [], peakMiB: 0, restMiB: null, gpuMiB: null},
  });
  return [
    ...baselinePrecisions(device).map((precision) => side(true, precision)),
    ...precisions.map((precision) => side(false, precision)),
  ];
}

function lastSeconds(sides, digits) {
  return sides.map(({name, seconds}) => `${name} ${seconds.at(-1).toFixed(digits)} s`).join(', ');
}

function baselineCommand(world, precision, {python, out, order}) {
  const count = world.cleanIndices.length;
  return [
    ...[python, join(here, 'baseline_model.py'), precision],
    ...['--record', world.record, '--cifar', world.data],
    ...['--out', out, '--rounds', '1', '--batch-order', order],
    // floor(total * ratio) must be equal to the count, because the sample depends on its size.
    ...['--ratio', String((count + 0.5) / world.trainCount), '--clean-count', String(count)],
    ...sharedArguments(world),
  ];
}

function nativeCommand(world, precision, {out, order}) {
  const program = join(here, '../../dist/bin/sau-native.js');
  return [
    ...[process.execPath, program, 'defend', '--json', '--quiet', '--precision', precision],
    ...['--ckpt', world.record, '--data', world.data, '--out', out, '--force', '--rounds', '1'],
    ...['--clean', String(world.cleanIndices.length), '--batch-order', order],
    ...sharedArguments(world),
  ];
}

function sharedArguments({batch, evalBatch, testLimit, device, threads}) {
  const options = {
    '--batch-size': batch,
    '--eval-batch-size': evalBatch,
    '--test-limit': testLimit,
    '--device': device,
    '--threads': threads,
    '--seed': 0,
  };
  return Object.entries(options).flatMap(([name, value]) => [name, String(value)]);
}

async function baselineResult(out) {
  const result = JSON.parse(await readFile(join(out, 'result.json'), 'utf8'));
  const [round] = result.rounds;
  const steps = round.batches.map((batch) => batch.shared_counts.length);
  return {
    metrics: round.metrics,
    indices: result.clean_indices,
    steps: steps.reduce((sum, count) => sum + count, 0) / steps.length,
  };
}

async function nativeResult(out, stdout) {
  const indices = await readFile(join(out, 'clean_index.txt'), 'utf8');
  return {metrics: JSON.parse(stdout).after, indices: indices.trim().split('\n').map(Number)};
}
