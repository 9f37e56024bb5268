// What a sweep costs beyond the work of its runs: many runs of the smallest model, by the local engine with a process for each
// and with processes that do many, beside the same calls one after another in one process.
//
//   node scripts/bench/sweep_cost.mjs [--runs 500] [--reused 100] [--direct 50] [--jobs 2]
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const require = createRequire(import.meta.url);
const ROOT = join(fileURLToPath(import.meta.url), '../../..');
const ENTRY = join(ROOT, 'dist/lib/index.js');
const HALF = [0.5, 0.5, 0.5];
const VICTIMS = 5;
const ATTACK = {
  ...{device: 'cpu', threads: 1, epochs: 1, batchSize: 30, cropPadding: 0, imageSize: 16},
  ...{mean: HALF, std: HALF, model: 'preactresnet18_w1'},
};
const DEFENSE = {device: 'cpu', threads: 1, clean: 10, rounds: 1, batchSize: 10, evalEvery: 0};

const {values: asked} = parseArgs({
  options: {
    runs: {type: 'string', default: '500'},
    reused: {type: 'string', default: '100'},
    direct: {type: 'string', default: '50'},
    jobs: {type: 'string', default: '2'},
    part: {type: 'string'},
    world: {type: 'string'},
  },
});

/** CPU seconds of this process alone, and of those that it has waited for. */
function cpuSeconds() {
  const {user, system} = process.cpuUsage();
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return {own: (user + system) / 1e6, children: (Number(fields[13]) + Number(fields[14])) / 100};
}

/** A sweep of so many runs: a few victims, the others defenses of them with seeds of their own. */
async function sweepOf(world, runs, stepsPerProcess) {
  const {sweep} = require(ENTRY);
  const seeds = (count) => Array.from({length: count}, (_, seed) => seed);
  const {model, ...attack} = ATTACK;
  const plan = {
    ...{attacks: ['badnet'], data: [join(world, 'data')], models: [model], defenses: ['ft']},
    seeds: {attack: seeds(VICTIMS), defend: seeds((runs - VICTIMS) / VICTIMS)},
    ...{attack, defend: DEFENSE},
    engines: {local: {jobs: Number(asked.jobs), stepsPerProcess}},
  };
  const {counts} = await sweep({plan, out: join(world, `steps-${stepsPerProcess}`)});
  return counts.done;
}

/** The same calls in this process: victims and defenses in the ratio of the sweep. */
async function direct(world, runs, all) {
  const {attack, defend} = require(ENTRY);
  const victims = Math.max(1, Math.round((VICTIMS * runs) / all));
  const data = join(world, 'data');
  const recordOf = (seed) => join(world, 'direct', `victim-${seed}`);
  for (let seed = 0; seed < victims; seed++) {
    await attack({kind: 'badnet', ...ATTACK, data, seed, out: recordOf(seed)});
  }
  for (let seed = 0; seed < runs - victims; seed++) {
    const out = join(world, 'direct', `ft-${seed}`);
    await defend({...DEFENSE, method: 'ft', ckpt: recordOf(seed % victims), data, seed, out});
  }
  return runs;
}

const PARTS = {
  each: (world) => sweepOf(world, Number(asked.runs), 1),
  reused: (world) => sweepOf(world, Number(asked.reused), 1000),
  direct: (world) => direct(world, Number(asked.direct), Number(asked.runs)),
};

async function measurePart(name, world) {
  const before = performance.now();
  const done = await PARTS[name](world);
  const wall = (performance.now() - before) / 1000;
  process.send({name, done, wall, ...cpuSeconds()}, () => process.disconnect());
}

async function main() {
  const world = mkdtempSync(join(tmpdir(), 'sau-sweep-cost-'));
  const {writeSyntheticImages} = require(join(ROOT, 'dist/lib/datasets/write_synthetic.js'));
  const sizes = {seed: 1, trainPerClass: 3, testPerClass: 1, size: 16};
  await writeSyntheticImages(join(world, 'data'), sizes, {});
  try {
    for (const part of Object.keys(PARTS)) {
      const args = [...process.argv.slice(2), '--part', part, '--world', world];
      const child = fork(fileURLToPath(import.meta.url), args);
      child.on('message', ({name, done, wall, own, children}) => {
        const ms = (seconds) => `${((1000 * seconds) / done).toFixed(1)} ms`;
        console.log(
          `${name}: ${done} runs in ${wall.toFixed(1)} s; a run: wall ${ms(wall)}, CPU of the calling process ${ms(own)}, of its children ${ms(children)}`,
        );
      });
      const [code] = await once(child, 'exit');
      if (code !== 0) throw new Error(`the part ${part} ended with ${code}`);
    }
  } finally {
    rmSync(world, {recursive: true, force: true});
  }
}

await (asked.part === undefined ? main() : measurePart(asked.part, asked.world));
