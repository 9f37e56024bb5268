// Scans the models that make_models.mjs trained, those that were scanned already excepted, and prints what docs/scan.md
// has: the largest index and the p-value of each model, and what the thresholds make of them.
import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {scan} from '../bench/package.mjs';
import {ZOO} from './zoo.mjs';

const USAGE = 'node scripts/calibrate_scan/scan_models.mjs DIR [--report] [NAME...]';

const [folder, ...words] = process.argv.slice(2);
if (folder === undefined) throw new Error(`Expected a folder: ${USAGE}`);
const isReport = words.includes('--report');
const names = words.filter((word) => word !== '--report');

const STATISTICS = ['shared', 'universal', 'mmbd', 'nc'];
/** Seed of every scan, which is none of a model's. */
const SEED = 0;

const folderOf = ({name}) => join(folder, name, 'scan');
const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'));

async function scanModel(model) {
  const {checkpoint} = await readJson(join(folder, model.name, 'model.json'));
  const start = performance.now();
  const {statistics} = await scan({
    ...{ckpt: checkpoint, data: join(folder, 'data', 'synthetic'), out: folderOf(model)},
    ...{imageSize: 32, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]},
    ...{
      statistics: STATISTICS,
      preset: 'quick',
      seed: SEED,
      device: 'cpu',
      threads: 1,
      force: true,
    },
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.error(`${model.name}: ${statistics.map(shown).join(', ')}, ${seconds} s`);
}

const index = (value) => (typeof value === 'number' ? value.toFixed(2) : String(value));

function shown({name, maxIndex, pValue, labels}) {
  const p = pValue === null ? '' : ` p ${pValue.toPrecision(2)}`;
  return `${name} ${index(maxIndex)}${p} [${labels}]`;
}

/** The class that stands out most, whether or not it passes a threshold. */
function topOf({classes}) {
  const order = (one) => (one.index === 'infinite' ? Infinity : (one.index ?? -Infinity));
  return classes.reduce((best, one) => (order(one) > order(best) ? one : best)).label;
}

async function rowOf(model) {
  const facts = await readJson(join(folder, model.name, 'model.json'));
  const {statistics, verdict} = await readJson(join(folderOf(model), 'scan.json'));
  const cells = STATISTICS.map((name) => {
    const statistic = statistics.find((one) => one.name === name);
    const p = statistic.pValue === null ? '' : `, p ${statistic.pValue.toPrecision(2)}`;
    const mark = statistic.labels.length > 0 ? ' **!**' : '';
    return `${index(statistic.maxIndex)}${p} (${topOf(statistic)})${mark}`;
  });
  const asr = facts.asr === null ? '-' : (100 * facts.asr).toFixed(1);
  const labels = verdict.labels.length === 0 ? '' : ` ${verdict.labels.join(', ')}`;
  return [
    ...[model.name, model.role, model.target ?? '-', (100 * facts.acc).toFixed(1), asr],
    ...[...cells, `${verdict.state}${labels}`],
  ];
}

const models = ZOO.filter(({name}) => names.length === 0 || names.includes(name)).filter(({name}) =>
  existsSync(join(folder, name, 'model.json')),
);
if (!isReport) {
  for (const model of models) {
    if (!existsSync(join(folderOf(model), 'scan.json'))) await scanModel(model);
  }
}
const head = ['model', 'role', 'target', 'ACC %', 'ASR %', ...STATISTICS, 'verdict'];
console.log(`| ${head.join(' | ')} |\n|${head.map(() => '---|').join('')}`);
for (const model of models) {
  if (!existsSync(join(folderOf(model), 'scan.json'))) continue;
  console.log(`| ${(await rowOf(model)).join(' | ')} |`);
}
