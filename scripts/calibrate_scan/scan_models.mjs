// Scans the models that make_models.mjs trained for the statistics that they do not have yet, and prints what
// docs/scan.md has: the largest index and the p-value of each model, and what the thresholds make of them.
import {existsSync} from 'node:fs';
import {readdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {scan, THRESHOLDS} from '../bench/package.mjs';
import {ZOO} from './zoo.mjs';

const USAGE = 'node scripts/calibrate_scan/scan_models.mjs DIR [--report] [NAME...]';

const [folder, ...words] = process.argv.slice(2);
if (folder === undefined) throw new Error(`Expected a folder: ${USAGE}`);
const isReport = words.includes('--report');
const names = words.filter((word) => word !== '--report');

const STATISTICS = ['shared', 'universal', 'latent', 'mmbd', 'nc'];
/** Seed of every scan, which is none of a model's. */
const SEED = 0;

const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'));

/** By name, of all scans of a model so far. */
async function statisticsOf({name}) {
  const folders = (await readdir(join(folder, name))).filter((one) => one.startsWith('scan'));
  const found = new Map();
  for (const one of folders) {
    const path = join(folder, name, one, 'scan.json');
    const {statistics} = existsSync(path) ? await readJson(path) : {statistics: []};
    for (const statistic of statistics) found.set(statistic.name, statistic);
  }
  return found;
}

async function scanModel(model) {
  const had = await statisticsOf(model);
  const missing = STATISTICS.filter((name) => !had.has(name));
  if (missing.length === 0) return;
  const {checkpoint} = await readJson(join(folder, model.name, 'model.json'));
  const start = performance.now();
  const {statistics} = await scan({
    ...{ckpt: checkpoint, data: join(folder, 'data', 'synthetic')},
    ...{out: join(folder, model.name, `scan-${missing.join('-')}`), force: true},
    ...{imageSize: 32, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]},
    ...{statistics: missing, preset: 'quick', seed: SEED, device: 'cpu', threads: 1},
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.error(`${model.name}: ${statistics.map(shown).join(', ')}, ${seconds} s`);
}

const index = (value) => (typeof value === 'number' ? value.toFixed(2) : String(value));
const numberOf = (value) => (value === 'infinite' ? Infinity : (value ?? -Infinity));

function shown(statistic) {
  const {name, maxIndex, pValue} = statistic;
  const p = pValue === null ? '' : ` p ${pValue.toPrecision(2)}`;
  return `${name} ${index(maxIndex)}${p} (${topOf(statistic)})`;
}

/** The class that stands out most, whether or not it passes a threshold. */
function topOf({classes}) {
  return classes.reduce((best, one) => (numberOf(one.index) > numberOf(best.index) ? one : best))
    .label;
}

/** By the thresholds of now, which may be others than those of the scan. */
function passes({name, decides, maxIndex, pValue}) {
  if (!decides) return false;
  return name === 'mmbd'
    ? pValue !== null && pValue <= THRESHOLDS.mmbd
    : numberOf(maxIndex) > THRESHOLDS[name];
}

async function rowOf(model) {
  const facts = await readJson(join(folder, model.name, 'model.json'));
  const statistics = await statisticsOf(model);
  const known = STATISTICS.flatMap((name) => statistics.get(name) ?? []);
  const cells = STATISTICS.map((name) => {
    const statistic = statistics.get(name);
    if (statistic === undefined) return '';
    const p = statistic.pValue === null ? '' : `, p ${statistic.pValue.toPrecision(2)}`;
    return `${index(statistic.maxIndex)}${p} (${topOf(statistic)})`;
  });
  const asr = facts.asr === null ? '-' : (100 * facts.asr).toFixed(1);
  const told = known.filter(passes).map((one) => `${one.name} ${topOf(one)}`);
  return [
    ...[model.name, model.role, model.target ?? '-', (100 * facts.acc).toFixed(1), asr],
    ...[...cells, told.length === 0 ? 'nothing found' : told.join(', ')],
  ];
}

const models = ZOO.filter(({name}) => names.length === 0 || names.includes(name)).filter(({name}) =>
  existsSync(join(folder, name, 'model.json')),
);
if (!isReport) {
  for (const model of models) await scanModel(model);
}
const head = ['model', 'role', 'target', 'ACC %', 'ASR %', ...STATISTICS, 'told'];
console.log(`| ${head.join(' | ')} |\n|${head.map(() => '---|').join('')}`);
for (const model of models) {
  console.log(`| ${(await rowOf(model)).join(' | ')} |`);
}
