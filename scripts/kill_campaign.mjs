// Kills runs of `defend` with SIGKILL at random moments, also while they write their state, goes on with each until it is
// done, and compares all files with those of unbroken runs.
//
//   node scripts/kill_campaign.mjs [--kills 200] [--seed 1] [--methods sau,anp,nad]
import {spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import {cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const require = createRequire(import.meta.url);
const ROOT = join(fileURLToPath(import.meta.url), '../..');
const ENTRY = join(ROOT, 'dist/lib/index.js');
const STATE = 'defense_state.pt';
/** Share of the kills that come at the moment when a state begins to be written, or has just been. */
const DURING_WRITES = 0.4;

const COMMON = {device: 'cpu', threads: 1, clean: 40, batchSize: 10};
const RUNS = {
  sau: {rounds: 5},
  anp: {iterations: 60, reportEvery: 10, pruneStep: 0.2, evalEvery: 2},
  nad: {rounds: 4, teacherRounds: 4},
  nc: {rounds: 3, inversionEpochs: 3, anomalyThreshold: 0.01},
  ft: {rounds: 12},
  // In the place of an earlier result, whose files stay until the new ones take their places.
  over: {method: 'sau', rounds: 4, force: true, seed: 1},
};

const {values: asked} = parseArgs({
  options: {
    kills: {type: 'string', default: '200'},
    seed: {type: 'string', default: '1'},
    methods: {type: 'string', default: 'sau,anp,nad'},
  },
});

/** Numbers in [0,1) from a seed (mulberry32), so that a campaign can be repeated as far as the system allows. */
function numbersFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = numbersFrom(Number(asked.seed));

/** A small data set and a model with a backdoor. */
async function makeWorld(folder) {
  const {attack} = require(ENTRY);
  const {makeSyntheticDataset} = require(join(ROOT, 'dist/lib/datasets/synthetic.js'));
  const {writePngs} = require(join(ROOT, 'dist/lib/datasets/write_pngs.js'));
  const data = join(folder, 'data', 'shapes');
  const made = await makeSyntheticDataset({seed: 1, trainPerClass: 12, testPerClass: 5, size: 16});
  for (const split of ['train', 'test']) {
    const set = made[split];
    await writePngs(set, (i) => join(data, split, made.classNames[set.labels[i]], `${i}.png`));
  }
  const record = join(folder, 'record', 'badnet');
  await attack({
    ...{kind: 'badnet', device: 'cpu', threads: 1, imageSize: 16, data, out: record},
    ...{mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], model: 'preactresnet18_w4'},
    ...{epochs: 1, batchSize: 16, cropPadding: 0},
  });
  return record;
}

const CHILD = `
const [entry, options] = process.argv.slice(1);
require(entry).defend(JSON.parse(options)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});`;

/** Starts a sitting; \`kill(child)\` may end it. Whether it was killed. */
async function sitting(options, kill = () => () => undefined) {
  const child = spawn(process.execPath, ['-e', CHILD, ENTRY, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {...process.env, OMP_NUM_THREADS: '1'},
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const stop = kill(child);
  const [code, signal] = await once(child, 'close');
  stop();
  if (signal === 'SIGKILL') return true;
  if (code === 0) return false;
  throw new Error(`a sitting ended with ${signal ?? code}: ${stderr}`);
}

/** Kills after a random time of at most so many milliseconds. */
function atRandom(most) {
  return (child) => {
    // A process takes a part of that to start.
    const timer = setTimeout(() => child.kill('SIGKILL'), (0.25 + 0.75 * random()) * most);
    return () => clearTimeout(timer);
  };
}

/** Kills as soon as the folder shows a state that is being written, or up to some milliseconds later. */
function duringWrite(out) {
  return (child) => {
    let skips = Math.floor(random() * 3);
    let watcher;
    const begin = setInterval(() => {
      if (!existsSync(out)) return;
      clearInterval(begin);
      watcher = watch(out, (_event, name) => {
        if (name === null || !name.includes(STATE) || skips-- > 0) return;
        setTimeout(() => child.kill('SIGKILL'), random() < 0.5 ? 0 : random() * 8);
      });
    }, 2);
    return () => {
      clearInterval(begin);
      watcher?.close();
    };
  };
}

/** All that must be equal, by file: everything but times and dates. */
function contentsOf(folder) {
  const names = readdirSync(folder)
    .filter((name) => name !== '.sau-native.lock')
    .sort();
  return new Map(names.map((name) => [name, digestOf(name, readFileSync(join(folder, name)))]));
}

/** A table without its column of that name. */
function withoutSeconds(csv) {
  const rows = csv.split('\n').map((row) => row.split(','));
  const column = rows[0].indexOf('seconds');
  return column < 0 ? csv : rows.map((row) => row.toSpliced(column, 1).join(',')).join('\n');
}

function digestOf(name, bytes) {
  if (name.endsWith('.csv')) return withoutSeconds(bytes.toString('utf8'));
  const times = /"(seconds|methodSeconds|started|peakMemoryBytes)": ?("[^"]*"|[\d.e+-]+|null)/g;
  const isText = /\.jsonl?$/.test(name);
  const content = isText ? bytes.toString('utf8').replace(times, '"$1":0') : bytes;
  return createHash('sha256').update(content).digest('hex');
}

function differences(whole, resumed) {
  const names = [...new Set([...whole.keys(), ...resumed.keys()])];
  return names.filter((name) => whole.get(name) !== resumed.get(name));
}

function isDone(out, {seed = 0}) {
  const summary = join(out, 'run.json');
  return existsSync(summary) && JSON.parse(readFileSync(summary, 'utf8')).seed === seed;
}

async function campaign(method, record, folder, kills) {
  const out = join(folder, method);
  const options = {...COMMON, method, ...RUNS[method], ckpt: record, out};
  const earlier = join(folder, 'earlier');
  if (options.force) await sitting({...options, seed: 0, method: 'ft', rounds: 1, out: earlier});
  const begin = () => {
    rmSync(out, {recursive: true, force: true});
    if (options.force) cpSync(earlier, out, {recursive: true});
  };
  begin();
  const begun = performance.now();
  await sitting(options);
  const most = performance.now() - begun;
  const whole = contentsOf(out);
  const counts = {kills: 0, during: 0, before: 0, runs: 0, equal: 0, lost: []};
  while (counts.kills < kills) {
    begin();
    let isKilled = true;
    while (isKilled) {
      const resume = existsSync(join(out, STATE));
      const isDuring = random() < DURING_WRITES;
      const mayKill = counts.kills < kills;
      const kill = isDuring ? duringWrite(out) : atRandom(most);
      isKilled = await sitting({...options, resume}, mayKill ? kill : undefined);
      if (!isKilled) break;
      counts.kills += 1;
      if (isDuring) counts.during += 1;
      if (existsSync(join(out, STATE))) continue;
      // Killed after its state was removed, which is the last thing that it does, it has a whole result.
      if (isDone(out, options)) break;
      counts.before += 1;
    }
    counts.runs += 1;
    const different = differences(whole, contentsOf(out));
    if (different.length === 0) counts.equal += 1;
    else counts.lost.push(different.join(' '));
  }
  return counts;
}

const folder = mkdtempSync(join(tmpdir(), 'sau-kills-'));
try {
  const record = await makeWorld(folder);
  const methods = asked.methods.split(',');
  const share = Math.ceil(Number(asked.kills) / methods.length);
  console.log('method | kills | at a write | before a state | runs | equal | different');
  let isEqual = true;
  for (const method of methods) {
    const {kills, during, before, runs, equal, lost} = await campaign(
      method,
      record,
      folder,
      share,
    );
    console.log([method, kills, during, before, runs, equal, lost.length].join(' | '));
    for (const names of lost) console.log(`  ${names}`);
    isEqual &&= equal === runs;
  }
  process.exitCode = isEqual ? 0 : 1;
} finally {
  rmSync(folder, {recursive: true, force: true});
}
