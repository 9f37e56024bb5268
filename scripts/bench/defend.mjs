// Whole processes from start to file: `sau-native defend` and scripts/oracle/run_record.py.
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {precisionArguments} from './native_options.mjs';
import {timedProcess} from './workers.mjs';

const here = import.meta.dirname;

/**
 * As measurePart, one round each, evaluated before and after. No warm-up: a process has nothing to warm but
 * the page cache, and the files were read before.
 */
export async function measureDefend(world, {python, repeats, precisions, temporary, log}) {
  const folder = join(temporary, 'defend');
  await mkdir(folder);
  const order = join(folder, 'order.json');
  await writeFile(order, JSON.stringify([...world.cleanIndices.keys()]));
  const sides = [null, ...precisions].map((precision) => ({
    ...{precision, seconds: [], peakMiB: 0, restMiB: null, gpuMiB: null},
    out: join(folder, precision ?? 'baseline'),
  }));
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const side of sides) {
      const argv =
        side.precision === null
          ? baselineCommand(world, python, side.out, order)
          : nativeCommand(world, side.precision, side.out, order);
      const {seconds, peakMiB, stdout} = await timedProcess(python, world.threads, argv);
      side.seconds.push(seconds);
      side.peakMiB = Math.max(side.peakMiB, peakMiB);
      side.last =
        side.precision === null
          ? await baselineResult(side.out)
          : await nativeResult(side.out, stdout);
    }
    const seconds = sides.map((side) => side.seconds.at(-1).toFixed(2));
    log(`defend ${repeat + 1}/${repeats}: ${seconds.join(' s, ')} s`);
  }
  return sides;
}

function baselineCommand(world, python, out, order) {
  const count = world.cleanIndices.length;
  return [
    ...[python, join(here, 'baseline_defend.py'), '--record', world.record, '--cifar', world.data],
    ...['--out', out, '--rounds', '1', '--batch-order', order],
    // floor(total * ratio) must be the count: the sample depends on its size.
    ...['--ratio', String((count + 0.5) / world.trainCount), '--clean-count', String(count)],
    ...sharedArguments(world),
  ];
}

function nativeCommand(world, precision, out, order) {
  return [
    ...[
      process.execPath,
      join(here, '../../dist/bin/sau-native.js'),
      'defend',
      '--json',
      '--quiet',
    ],
    ...['--ckpt', world.record, '--data', world.data, '--out', out, '--force', '--rounds', '1'],
    ...['--clean', String(world.cleanIndices.length), '--batch-order', order],
    ...sharedArguments(world),
    ...precisionArguments(precision),
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
