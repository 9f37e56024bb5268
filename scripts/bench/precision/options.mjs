import {availableParallelism} from 'node:os';
import {readFlags, requireTogether} from '../flags.mjs';

const PARTS = ['signs', 'metrics'];
const PRECISIONS = {cpu: ['fp32', 'bf16'], cuda: ['fp32', 'tf32', 'bf16', 'fp16']};

export const HELP = `What --precision changes: the signs of the attack's gradient against a float64 gradient, and ACC, ASR
and RA after the demo's defense against those in fp32. Prints Markdown tables.

  npm run bench:precision -- [options]

  --only <part>        ${PARTS.join(' or ')} (both)
  --precisions <list>  of ${PRECISIONS.cuda.join(',')}; on a CPU of ${PRECISIONS.cpu.join(',')} (all; fp32 is always among them)
  --device <name>      cpu or cuda (cpu)
  --threads <n>        threads of either side (all cores: ${availableParallelism()})
  --json <file>        also writes everything as JSON

signs:
  --record <dir>       BackdoorBench record; without it a narrow net on synthetic images is made
  --data <dir>         CIFAR-10, binary version (with --record)
  --batch <n>          images whose gradient is taken (64)
  --clean <n>          clean images of a prior round (as --batch: one batch)
  --prior-rounds <n>   rounds in fp32 that the trainee has behind it (2): before, both nets are equal and
                       their divergence has no gradient
  --width <n>          base channels of the synthetic world's net (16)
  --python <path>      as in npm run bench

metrics:
  --seeds <list>       of the demo (0,1,2)
  --rounds <n>         of the defense (the demo's)
`;

/** The options of the command line, complete and checked; null where help was asked for. */
export function parseOptions(args) {
  const flags = readFlags(HELP, args);
  if (flags === null) return null;
  const {values, integer, integers, list} = flags;
  requireTogether(values);
  if (values.only !== undefined && !PARTS.includes(values.only)) {
    throw new Error(`Expected ${PARTS.join(' or ')} for --only but received "${values.only}"`);
  }
  const device = values.device ?? 'cpu';
  const known = device === 'cpu' ? PRECISIONS.cpu : PRECISIONS.cuda;
  const batch = integer('batch', 64);
  return {
    parts: values.only === undefined ? PARTS : [values.only],
    precisions: [...new Set(['fp32', ...list('precisions', known, known)])],
    device,
    threads: integer('threads', availableParallelism()),
    json: values.json ?? null,
    record: values.record ?? null,
    data: values.data ?? null,
    batch,
    clean: integer('clean', batch, batch),
    priorRounds: integer('prior-rounds', 2),
    width: integer('width', 16),
    python: values.python ?? null,
    seeds: integers('seeds', [0, 1, 2]),
    rounds: integer('rounds', null),
  };
}
