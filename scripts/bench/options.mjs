import {availableParallelism} from 'node:os';
import {readFlags, requireTogether} from './flags.mjs';

export const PARTS = ['loading', 'pgd', 'outer', 'round', 'evaluation', 'defend'];
const PRECISIONS = ['fp32', 'tf32', 'bf16', 'fp16', 'auto'];

export const HELP = `Measures the package against the plain PyTorch implementation of the official procedure
(scripts/oracle), alternating in one run, and prints a Markdown table.

  npm run bench -- [options]

  --record <dir>      BackdoorBench record; without it a narrow net on synthetic images is made
  --data <dir>        CIFAR-10, binary version (with --record)
  --batch <n>         images per batch (256)
  --clean <n>         clean images of a round (as --batch: one batch)
  --rounds <n>        rounds of one run, timed together (1); from the 4th batch of a size on CUDA repeats a record
  --test-limit <n>    evaluate on test images with an index below n (512)
  --prior-rounds <n>  rounds that the trainee has behind it (1): in the very first batch both nets are
                      equal and PGD is untypically short
  --threads <n>       threads of either side (all cores: ${availableParallelism()})
  --repeats <n>       counted pairs, after one warm-up each (3)
  --parts <list>      of ${PARTS.join(',')}, or all (all but defend)
  --precision <list>  of the package: ${PRECISIONS.join(',')} (fp32); the baseline is always fp32
  --device <name>     cpu or cuda (cpu)
  --width <n>         base channels of the synthetic world's net (16)
  --python <path>     a Python with torch, numpy and pillow; else SAU_BENCH_PYTHON; else a virtual
                      environment is made in the package's cache folder
  --json <file>       also writes everything as JSON
`;

/** The options of the command line, complete and checked; null where help was asked for. */
export function parseOptions(args) {
  const flags = readFlags(HELP, args);
  if (flags === null) return null;
  const {values, integer, list} = flags;
  requireTogether(values);
  const batch = integer('batch', 256);
  const precisions = list('precision', PRECISIONS, ['fp32']);
  const parts = list('parts', PARTS, PARTS.slice(0, -1));
  if (precisions.some((p) => p !== 'fp32') && !parts.includes('pgd')) {
    throw new Error('Expected pgd in --parts: it shows whether --precision has an effect');
  }
  return {
    record: values.record ?? null,
    data: values.data ?? null,
    batch,
    clean: integer('clean', batch, batch),
    rounds: integer('rounds', 1),
    testLimit: integer('test-limit', 512),
    priorRounds: integer('prior-rounds', 1, 0),
    threads: integer('threads', availableParallelism()),
    repeats: integer('repeats', 3),
    parts,
    precisions,
    device: values.device ?? 'cpu',
    width: integer('width', 16),
    python: values.python ?? null,
    json: values.json ?? null,
  };
}
