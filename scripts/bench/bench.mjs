// npm run bench: the package against the official procedure in plain PyTorch. See --help.
//
// A part is measured by two processes that live as long as the part: baseline_worker.py, which calls
// scripts/oracle, and native_worker.mjs, which calls a session of the package. They hold the same weights and
// images and run in turn, while the other sleeps. Weights are restored before every run, outside the time.
//   loading     checkpoint, clean subset and test images, from disk (cached by the system) to memory
//   pgd         the perturbation of one batch
//   outer       losses and gradient of one outer step on the same perturbed batch, without the optimizer step;
//               the package's time has the copy of its gradient to JavaScript in it
//   round       all of a round (or --rounds of them) over the clean images, without evaluation; in "round - pgd" are the outer and
//               the optimizer step as they come in a round (where a round is one batch)
//   evaluation  ACC, ASR and RA; the official procedure passes over the poisoned images twice
//   defend      whole processes with one round, from start to file
// Peak memory is the resident set's. Each part has processes of its own, and its peak counts from when they have
// loaded (reset through /proc/self/clear_refs); for `defend` it is the whole process's. Not getrusage: its peak
// survives exec and counts the parent.
import {mkdtemp, rename, rm, writeFile} from 'node:fs/promises';
import {availableParallelism, cpus, loadavg, tmpdir} from 'node:os';
import {join} from 'node:path';
import {compare} from './agreement.mjs';
import {measureDefend} from './defend.mjs';
import {forwardFlops} from './flops.mjs';
import {measurePart, measurePeaks, prepare} from './measure.mjs';
import {HELP, parseOptions} from './options.mjs';
import {findPython} from './python.mjs';
import {report} from './report.mjs';
import {median, summarize} from './summary.mjs';
import {makeWorld} from './worlds.mjs';

const log = (line) => console.error(`bench: ${line}`);

async function bench(options, temporary) {
  const date = new Date().toISOString();
  const load = loadavg()[0];
  const python = findPython(options.python, log);
  const world = await makeWorld(options, temporary, log);
  log('preparing the trainee that both sides start from');
  const {model, counts, libtorch} = await prepare(world);
  world.counts = counts;
  log('measuring the peak of this machine');
  const peaks = await measurePeaks(python, options);
  const context = {world, flopsOfForward: forwardFlops(model), peaks};

  // Without the paths of this machine.
  const {record, data, python: _, json, ...settings} = options;
  const result = {
    subject: world.name,
    ...{model, counts, options: settings, peaks, flopsOfForward: context.flopsOfForward},
    ...{rows: [], derived: [], agreement: []},
  };
  const measuring = {...options, python, temporary, log};
  for (const part of options.parts) {
    const sides = await (part === 'defend'
      ? measureDefend(world, measuring)
      : measurePart(part, world, measuring));
    const [baseline, ...natives] = sides;
    result.rows.push(...summarize(part, sides, context));
    for (const side of natives) {
      const files = {baseline: baseline.file, native: side.file, fp32Delta: world.delta};
      const answers = {baseline: baseline.last, native: side.last};
      result.agreement.push(...(await compare(part, side.precision, answers, files)));
    }
  }
  result.derived = roundWithoutPgd(result.rows, options);
  result.machine = {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cores: availableParallelism(),
    capability: peaks.cpuCapability,
    gpu: peaks.gpu,
    torch: peaks.torch,
    libtorch,
    node: process.versions.node,
    ...{date, load},
  };
  return result;
}

/** The outer step and the optimizer's as they come in a round: pair by pair, round less PGD. */
function roundWithoutPgd(rows, {batch, clean, rounds}) {
  if (batch !== clean || rounds > 1) return [];
  return rows
    .filter(({part}) => part === 'round')
    .flatMap((round) => {
      const pgd = rows.find((row) => row.part === 'pgd' && row.precision === round.precision);
      if (pgd === undefined) return [];
      const [baseline, native] = ['baseline', 'native'].map((side) =>
        round[side].seconds.map((seconds, i) => seconds - pgd[side].seconds[i]),
      );
      const ratios = baseline.map((seconds, i) => seconds / native[i]);
      return {
        part: 'round - pgd',
        precision: round.precision,
        baseline: {medianSeconds: median(baseline), seconds: baseline},
        native: {medianSeconds: median(native), seconds: native},
        ratio: {median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios)},
        memoryShare: null,
      };
    });
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) return console.log(HELP);
  const temporary = await mkdtemp(join(tmpdir(), 'sau-bench-'));
  try {
    const result = await bench(options, temporary);
    if (options.json !== null) {
      await writeFile(`${options.json}.partial`, `${JSON.stringify(result, null, 2)}\n`);
      await rename(`${options.json}.partial`, options.json);
    }
    console.log(report(result));
    const failures = result.agreement.filter(({failure}) => failure !== null);
    for (const {part, precision, what, value, failure} of failures) {
      log(`FAILED: ${part} (${precision}): ${what} ${value}: ${failure}`);
    }
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    await rm(temporary, {recursive: true, force: true});
  }
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
