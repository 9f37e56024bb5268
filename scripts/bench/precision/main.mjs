// npm run bench:precision: what --precision changes. See --help.
//   signs     one batch's gradient of the attack's objective, in float64 by scripts/oracle, against the signs that
//             the package finds in each precision; PyTorch's own float32 is the yardstick
//   suspects  how many images of the same set the attack turns into suspects in each precision
//   metrics   ACC, ASR and RA after the demo's defense of one record in each precision, over several seeds
// Reports what it finds, and fails only if something could not be measured.
import {deviceInfo} from '../package.mjs';
import {findPython} from '../python.mjs';
import {CORES, machineFacts, runTool, settingsOf, worldOptions} from '../tool.mjs';
import {compareMetrics} from './metrics.mjs';
import {report} from './report.mjs';
import {compareSigns} from './signs.mjs';
import {compareSuspects} from './suspects.mjs';

const PARTS = ['signs', 'suspects', 'metrics'];
const PRECISIONS = {cpu: ['fp32', 'bf16'], cuda: ['fp32', 'tf32', 'bf16', 'fp16']};

const HELP = `What --precision changes: the signs of the attack's gradient against a float64 gradient, the share of suspects
(images whose perturbation fools the reference) and ACC, ASR and RA after the demo's defense against those in fp32.
Prints Markdown tables.

  npm run bench:precision -- [options]

  --only <part>        ${PARTS.join(', ')} (all)
  --precisions <list>  of ${PRECISIONS.cuda.join(',')}; on a CPU of ${PRECISIONS.cpu.join(',')} (all; fp32 is always among them)
  --device <name>      cpu or cuda (cpu)
  --threads <n>        threads of either side (all cores: ${CORES})
  --json <file>        also writes everything as JSON

signs and suspects:
  --record <dir>       BackdoorBench record; without it a narrow net on synthetic images is made
  --data <dir>         CIFAR-10, binary version (with --record)
  --width <n>          base channels of the synthetic world's net (16)
  --prior-rounds <n>   rounds in fp32 that the trainee has behind it (2): before, both nets are equal and
                       their divergence has no gradient

signs:
  --batch <n>          images whose gradient is taken (64)
  --clean <n>          clean images of a prior round (as --batch: one batch)
  --python <path>      as in npm run bench

suspects:
  --images <n>         images that are attacked (2000, with --record 512)

metrics:
  --seeds <list>       of the demo (0,1,2)
  --rounds <n>         of the defense (the demo's)
`;

function parse(flags) {
  const {values, integer, integers, list} = flags;
  if (values.only !== undefined && !PARTS.includes(values.only)) {
    throw new Error(`Expected ${PARTS.join(' or ')} for --only but received "${values.only}"`);
  }
  const world = worldOptions(flags);
  const known = world.device === 'cpu' ? PRECISIONS.cpu : PRECISIONS.cuda;
  const batch = integer('batch', 64);
  return {
    ...world,
    parts: values.only === undefined ? PARTS : [values.only],
    precisions: [...new Set(['fp32', ...list('precisions', known, known)])],
    batch,
    clean: integer('clean', batch, batch),
    priorRounds: integer('prior-rounds', 2),
    images: integer('images', world.record === null ? 2000 : 512),
    seeds: integers('seeds', [0, 1, 2]),
    rounds: integer('rounds', null),
  };
}

async function measure(options, temporary, log) {
  const facts = machineFacts();
  const wants = (part) => options.parts.includes(part);
  const python = wants('signs') ? findPython(options.python, log) : null;
  const signs = wants('signs') ? await compareSigns(options, python, temporary, log) : null;
  const suspects = wants('suspects') ? await compareSuspects(options, temporary, log) : null;
  const metrics = wants('metrics') ? await compareMetrics(options, temporary, log) : null;
  const info = await deviceInfo();
  const machine = {
    ...facts,
    capability: info.cpuCapability,
    gpu: options.device === 'cpu' ? null : (info.cudaDevices[0]?.name ?? null),
    torch: signs?.torch ?? null,
    libtorch: info.libtorchVersion,
  };
  return {machine, options: settingsOf(options), signs, suspects, metrics};
}

await runTool('precision', {help: HELP, parse, measure, report});
