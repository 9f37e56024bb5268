// The process that runs a target. It writes lines of JSON: findings, and what it has done.
import {readFileSync} from 'node:fs';
import {parseArgs} from 'node:util';
import {Coverage} from './coverage.mjs';
import {readDirectly} from './direct_files.mjs';
import {Guarded} from './guarded.mjs';
import {Branches} from './instrument.mjs';
import {minimized} from './minimize.mjs';
import {DIST, withoutCore} from './package.mjs';
import {Pool} from './pool.mjs';
import {Random, seedOf} from './random.mjs';
import {loadTarget} from './targets.mjs';

const {values: options} = parseArgs({
  options: {
    target: {type: 'string'},
    folder: {type: 'string'},
    seed: {type: 'string', default: '0'},
    skip: {type: 'string', default: '0'},
    seconds: {type: 'string', default: 'Infinity'},
    inputs: {type: 'string', default: 'Infinity'},
    check: {type: 'string'},
  },
});

const EVERY_MS = 500;
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** One input alone, as a user's process reads it but for the native core. */
async function check(path) {
  withoutCore();
  const guarded = new Guarded(await loadTarget(options.target), options.folder);
  try {
    tell({kind: 'outcome', outcome: await guarded.run(readFileSync(path))});
  } catch (error) {
    tell(findingLine(error));
  }
  await guarded.end();
}

async function fuzz() {
  const branches = new Branches();
  branches.install(DIST);
  readDirectly();
  withoutCore();
  const target = await loadTarget(options.target);
  const guarded = new Guarded(target, options.folder);
  const coverage = new Coverage(branches);
  const pool = new Pool(await target.seeds());
  const random = new Random(seedOf(Number(options.seed), `${target.name} ${options.skip}`));
  const known = new Set();
  const done = {inputs: 0, accepted: 0};
  const attempt = async (bytes) => {
    coverage.clear();
    try {
      if ((await guarded.run(bytes)) === 'accepted') done.accepted += 1;
    } catch (error) {
      const line = findingLine(error);
      if (!known.has(line.signature)) {
        known.add(line.signature);
        const least = await minimized(bytes, (each) => signatureOf(guarded, each), line.signature);
        tell({...line, input: Buffer.from(least).toString('base64'), at: done.inputs});
      }
    }
    done.inputs += 1;
    return coverage.take();
  };
  const report = (kind) =>
    tell({
      kind,
      ...done,
      pool: pool.size,
      reached: coverage.reached,
      most: process.resourceUsage().maxRSS,
    });
  for (const bytes of pool.all) await attempt(bytes);
  const end = Date.now() + 1000 * Number(options.seconds);
  // Names that every object has are no words of the readers, and yet matter to them.
  const words = [
    ...branches.words,
    'toString',
    'valueOf',
    'toJSON',
    'constructor',
    'length',
    'then',
  ];
  let next = Date.now();
  while (Date.now() < end && done.inputs < Number(options.inputs)) {
    const bytes = target.mutate(random, pool.pick(random), {other: () => pool.pick(random), words});
    const limited = bytes.subarray(0, target.mostBytes);
    if (await attempt(limited)) pool.add(limited);
    if (Date.now() < next) continue;
    report('progress');
    next = Date.now() + EVERY_MS;
  }
  report('end');
  await guarded.end();
}

async function signatureOf(guarded, bytes) {
  try {
    await guarded.run(bytes);
    return null;
  } catch (error) {
    return findingLine(error).signature;
  }
}

function findingLine(error) {
  if (error.signature === undefined) throw error;
  return {kind: 'finding', fault: error.kind, signature: error.signature, message: error.message};
}

await (options.check === undefined ? fuzz() : check(options.check));
