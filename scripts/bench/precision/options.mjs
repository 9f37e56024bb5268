import {availableParallelism} from 'node:os';
import {parseArgs} from 'node:util';

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
  const names = [...HELP.matchAll(/^ {2}--([a-z-]+) </gm)].map((match) => match[1]);
  const options = Object.fromEntries(names.map((name) => [name, {type: 'string'}]));
  const {values} = parseArgs({args, options: {...options, help: {type: 'boolean'}}});
  if (values.help) return null;
  const integer = (name, fallback, least = 1) => {
    if (values[name] === undefined) return fallback;
    return integerOf(name, values[name], least);
  };
  if ((values.record === undefined) !== (values.data === undefined)) {
    throw new Error('Expected --record and --data together but received one of them');
  }
  if (values.only !== undefined && !PARTS.includes(values.only)) {
    throw new Error(`Expected ${PARTS.join(' or ')} for --only but received "${values.only}"`);
  }
  const device = values.device ?? 'cpu';
  const batch = integer('batch', 64);
  return {
    parts: values.only === undefined ? PARTS : [values.only],
    precisions: precisionsOf(values.precisions, device),
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
    seeds: (values.seeds ?? '0,1,2').split(',').map((seed) => integerOf('seeds', seed, 0)),
    rounds: integer('rounds', null),
  };
}

function precisionsOf(given, device) {
  const known = device === 'cpu' ? PRECISIONS.cpu : PRECISIONS.cuda;
  const chosen = given?.split(',') ?? known;
  const wrong = chosen.find((name) => !known.includes(name));
  if (wrong === undefined) {
    return known.filter((name) => name === 'fp32' || chosen.includes(name));
  }
  throw new Error(
    `Expected a list of ${known.join(', ')} for --precisions on ${device} but received "${wrong}"`,
  );
}

function integerOf(name, text, least) {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new Error(`Expected integer >= ${least} for --${name} but received "${text}"`);
}
