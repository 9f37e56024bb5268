// npm run bench: the package against the official procedure in plain PyTorch. See --help.
//
// Two processes measure a part and live as long as the part: baseline_worker.py, which calls scripts/oracle, and
// native_worker.mjs, which calls a session of the package. They hold equal weights and images and run in turn;
// while one runs, the other sleeps. Weights are restored before every run, which is not timed.
//   loading     checkpoint, clean subset and test images, from disk (cached by the system) to memory
//   pgd         the perturbation of one batch
//   outer       losses and gradient of one outer step on the same perturbed batch, without the optimizer step;
//               the package's time includes the copy of its gradient to JavaScript
//   round       all of a round (or --rounds of them) over the clean images, without evaluation; in "round - pgd" are the outer and
//               the optimizer step as they come in a round (where a round is one batch)
//   evaluation  ACC, ASR and RA; the official procedure passes over the poisoned images twice
//   training    one epoch of ordinary training on the clean images, as a victim is trained
//   defend      whole processes with one round, from start to file
// With --methods also other defenses, each by one unit of its work, which methods.mjs tells; the package's side calls
// the session's `defend`, the other side scripts/oracle/{tuning,pruning}.py.
// On CUDA the baseline runs twice: with PyTorch's stock settings, which let convolutions be TF32, and strictly in
// float32. Peak memory is that of the resident set. Each part has processes of its own, and its peak counts from
// the end of their loading (reset through /proc/self/clear_refs); for `defend` it is the peak of the whole process.
// getrusage is not used, because its peak survives exec and counts the parent.
// With --model both sides have weights by a formula and drawn images: the cost of a network does not depend on what it
// has learned, but for the images that leave the search early and the suspects, which the report names.
import {compare} from './agreement.mjs';
import {channelsOf, METHODS, unitOf} from './methods.mjs';
import {readCheckpoint} from './package.mjs';
import {findPython} from './python.mjs';
import {report} from './report.mjs';
import {measureDefend, measurePart, measurePeaks, prepare, strictBaseline} from './sides.mjs';
import {roundWithoutPgd, summarize} from './summary.mjs';
import {CLOCKS, CORES, machineFacts, runTool, settingsOf, worldOptions} from './tool.mjs';
import {makeModelWorld, makeWorld} from './worlds.mjs';

const PARTS = ['loading', 'pgd', 'outer', 'round', 'evaluation', 'training', 'defend'];
/** Parts that read a record. */
const OF_RECORDS = ['loading', 'defend'];
/** Of a network's world that is not evaluated. */
const FEW_TEST_IMAGES = 8;
const PRECISIONS = ['fp32', 'tf32', 'bf16', 'fp16', 'auto'];

const HELP = `Measures the package against the plain PyTorch implementation of the official procedure
(scripts/oracle), alternating in one run, and prints a Markdown table.

  npm run bench -- [options]

  --record <dir>      BackdoorBench record; without it a narrow net on synthetic images is made
  --model <name>      instead of a record: an architecture with weights by a formula, on drawn images; all parts
                      but ${OF_RECORDS.join(' and ')}; PyTorch's side needs torchvision, but for preactresnet18
  --size <px>         side of the images (with --model; 32)
  --data <dir>        CIFAR-10, binary version (with --record)
  --batch <n>         images per batch (256)
  --clean <n>         clean images of a round (as --batch: one batch)
  --rounds <n>        rounds of one run, timed together (1); from the 4th batch of a size on CUDA repeats a record
  --test-limit <n>    evaluate on test images with an index below n (512)
  --prior-rounds <n>  rounds that the trainee has behind it (1): in the very first batch both nets are
                      equal and PGD is untypically short
  --threads <n>       threads of either side (all cores: ${CORES})
  --clock <name>      wall, or cpu: the processes' own CPU time, for one thread on a machine with other work (wall)
  --repeats <n>       counted pairs, after one warm-up each (3)
  --parts <list>      of ${PARTS.join(',')}, or all (all but defend; none with --methods)
  --methods <list>    of ${METHODS.join(',')}, or all (none):
                      defenses other than sau, by a unit of work each, on a preactresnet18
  --precision <list>  of the package: ${PRECISIONS.join(',')} (fp32); the baseline is fp32, on CUDA
                      also as PyTorch is by default, with TF32 convolutions
  --chunk-size <n>    of the package: images per pass (0: its own choice)
  --device <name>     cpu or cuda (cpu)
  --width <n>         base channels of the synthetic world's net (16)
  --python <path>     a Python with torch, torchvision, numpy and pillow; else SAU_BENCH_PYTHON; else a
                      virtual environment is made in the package's cache folder
  --json <file>       also writes everything as JSON
`;

function parse(flags) {
  const {values, integer, list} = flags;
  const batch = integer('batch', 256);
  const precisions = list('precision', PRECISIONS, ['fp32']);
  const known = values.model === undefined ? PARTS : PARTS.filter((p) => !OF_RECORDS.includes(p));
  const methods = list('methods', METHODS, []);
  const usual = methods.length > 0 ? [] : known.filter((part) => part !== 'defend');
  const parts = list('parts', known, usual);
  requireNorms(values.model, methods);
  if (precisions.some((p) => p !== 'fp32') && parts.length > 0 && !parts.includes('pgd')) {
    throw new Error('Expected pgd in --parts: it shows whether --precision has an effect');
  }
  return {
    ...worldOptions(flags),
    ...modelOptions(flags, parts),
    clock: flags.choice('clock', CLOCKS),
    batch,
    clean: integer('clean', batch, batch),
    chunkSize: integer('chunk-size', 0, 0),
    rounds: integer('rounds', 1),
    priorRounds: integer('prior-rounds', 1, 0),
    repeats: integer('repeats', 3),
    ...{parts, methods, precisions},
  };
}

/** The oracle's hooks and masks are for this one. */
function requireNorms(model, methods) {
  if (methods.length === 0 || model === undefined || model.startsWith('preactresnet18')) return;
  throw new Error(`Expected a preactresnet18 for --model beside --methods but received "${model}"`);
}

/** What is measured without a record. */
function modelOptions({values, integer}, parts) {
  if (values.model !== undefined && values.record !== undefined) {
    throw new Error('Expected one of --model and --record but received both');
  }
  if (values.model === undefined && values.size !== undefined) {
    throw new Error('Expected --size with --model but received it alone');
  }
  const model = values.model ?? null;
  const testLimit = integer('test-limit', 512);
  // Without them fewer images have to go through a network that may be large.
  const isMeasured = model === null || parts.includes('evaluation');
  return {model, size: integer('size', 32), testLimit: isMeasured ? testLimit : FEW_TEST_IMAGES};
}

async function measure(options, temporary, log) {
  const facts = machineFacts();
  const python = findPython(options.python, log);
  const world =
    options.model === null
      ? await makeWorld(options, temporary, log)
      : await makeModelWorld({...options, python}, temporary, log);
  log('preparing the trainee that both sides start from');
  const {model, counts, flopsOfForward, libtorch} = await prepare(world);
  world.counts = counts;
  world.units = await unitsOf(world, options);
  log('measuring the peak of this machine');
  const peaks = await measurePeaks(python, options);
  const context = {world, flopsOfForward, peaks};
  const result = {
    subject: world.name,
    ...{model, counts, options: settingsOf(options), peaks},
    flopsOfForward,
    ...{rows: [], derived: [], agreement: []},
  };
  const measuring = {...options, python, temporary, log};
  for (const part of [...options.parts, ...options.methods]) {
    const sides = await (part === 'defend'
      ? measureDefend(world, measuring)
      : measurePart(part, world, measuring));
    result.rows.push(...summarize(part, sides, context));
    const baseline = strictBaseline(sides);
    for (const side of sides.filter(({isBaseline}) => !isBaseline)) {
      result.agreement.push(...(await compare(part, baseline, side, world)));
    }
  }
  result.derived = roundWithoutPgd(result.rows, options);
  const {torch, cpuCapability: capability, gpu} = peaks;
  result.machine = {...facts, capability, gpu, torch, libtorch};
  return result;
}

/** The unit of each method, by its name. */
async function unitsOf({trainee, cleanIndices}, {methods, batch}) {
  const {stateDict} = await readCheckpoint(trainee);
  const facts = {batch, clean: cleanIndices.length, channels: channelsOf(stateDict)};
  const units = methods.map(async (method) => [method, await unitOf(method, facts)]);
  return Object.fromEntries(await Promise.all(units));
}

function failuresOf({agreement}) {
  return agreement
    .filter(({failure}) => failure !== null)
    .map(
      ({part, precision, what, value, failure}) =>
        `${part} (${precision}): ${what} ${value}: ${failure}`,
    );
}

await runTool('bench', {help: HELP, parse, measure, report, failuresOf});
