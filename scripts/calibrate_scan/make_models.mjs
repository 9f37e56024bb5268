// Trains the models of zoo.mjs, each into a folder of its own; those that are there already are kept. A clean model is
// trained by a session as a victim is, on images that nobody poisoned.
import {existsSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {
  attack,
  createSession,
  openDataset,
  trainOptions,
  writeCheckpoint,
  writeSyntheticImages,
} from '../bench/package.mjs';
import {attackOptions, HALF, IMAGES, RECIPE, ZOO} from './zoo.mjs';

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) {
  throw new Error('Expected a folder: node scripts/calibrate_scan/make_models.mjs DIR [NAME...]');
}

/** Where the models' facts are, beside the model itself. */
const FACTS = 'model.json';
const {size} = IMAGES;
const data = join(folder, 'data', 'synthetic');

async function trainClean(model, out) {
  const {train, test} = await images();
  const session = await createSession({
    ...{device: 'cpu', threads: 1, seed: model.seed, model: RECIPE.model},
    ...{numClasses: 10, mean: HALF, std: HALF, purpose: 'training'},
  });
  await session.initialize();
  await session.setImages('train', train);
  await session.setImages('cleanTest', test);
  // The attack's name gives the options of a victim's training; no image is poisoned.
  await session.train(trainOptions({...RECIPE, kind: 'badnet', data, imageSize: size}));
  const {acc} = await session.evaluate('trainee', 128);
  const stateDict = await session.exportStateDict();
  session.dispose();
  const checkpoint = join(out, 'model.pt');
  await writeCheckpoint(checkpoint, {modelName: RECIPE.model, numClasses: 10, stateDict});
  return {checkpoint, acc, asr: null};
}

async function trainAttacked(model, out) {
  const {record, metrics} = await attack({
    ...attackOptions(model),
    ...{data, imageSize: size, mean: HALF, std: HALF, out: join(out, 'record')},
    ...{device: 'cpu', threads: 1, force: true},
  });
  return {checkpoint: record, acc: metrics.acc, asr: metrics.asr};
}

let loaded;
function images() {
  loaded ??= openDataset({path: data, dataset: 'auto', size: {height: size, width: size}}).then(
    async (dataset) => ({train: await dataset.loadTrain(), test: await dataset.loadTest()}),
  );
  return loaded;
}

if (!existsSync(data)) await writeSyntheticImages(data, IMAGES);
for (const model of ZOO.filter(({name}) => names.length === 0 || names.includes(name))) {
  const out = join(folder, model.name);
  if (existsSync(join(out, FACTS))) continue;
  await mkdir(out, {recursive: true});
  const start = performance.now();
  const made = model.kind === null ? await trainClean(model, out) : await trainAttacked(model, out);
  const seconds = (performance.now() - start) / 1000;
  await writeFile(join(out, FACTS), `${JSON.stringify({...model, ...made, seconds}, null, 2)}\n`);
  console.error(`${model.name}: ACC ${made.acc}, ASR ${made.asr}, ${seconds.toFixed(0)} s`);
}
