// A world is what is measured: a checkpoint with its images on disk, which both sides can read.
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {mkdir, writeFile} from 'node:fs/promises';
import {join, resolve} from 'node:path';
import {
  attack,
  chooseCleanSubset,
  EVALUATION_BATCH,
  LEARNING_RATE,
  makeSyntheticDataset,
  openDataset,
} from './package.mjs';

/** {record, data, trainee, delta, cleanIndices, ...}; `temporary` is an empty folder. */
export async function makeWorld(options, temporary, log) {
  const {record, data, clean, testLimit} = options;
  const place =
    record === null
      ? await syntheticPlace(options, temporary, log)
      : {record: resolve(record), data: binaryCifar(resolve(data))};
  const {trainCount} = await openDataset({path: place.data});
  const {indices} = await chooseCleanSubset({kind: 'count', count: clean}, trainCount, 0);
  return {
    ...place,
    name: record === null ? 'synthetic images' : `record ${place.record.split('/').at(-1)}`,
    cleanIndices: [...indices],
    trainCount,
    testLimit,
    priorLearningRate: LEARNING_RATE,
    ...settingsOf(options, temporary),
  };
}

/**
 * The world of an architecture, {reference, images, cleanIndices, ...}: files of torch.save with a network and with
 * images, which make_model_world.py makes.
 */
export async function makeModelWorld(options, temporary, log) {
  const {model, size, clean, testLimit, threads, python} = options;
  log(`making weights of ${model} by a formula, and drawn images of ${size}x${size}`);
  const place = {
    reference: join(temporary, 'reference.pt'),
    images: join(temporary, 'images.pt'),
  };
  const request = JSON.stringify({...place, model, size, clean, test: testLimit, threads});
  execFileSync(python, [join(import.meta.dirname, 'make_model_world.py'), request], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return {
    ...place,
    name: 'weights by a formula, drawn images',
    cleanIndices: Array.from({length: clean}, (_, i) => i),
    priorLearningRate: LEARNING_RATE / 10, // random weights bear no more
    ...settingsOf(options, temporary),
  };
}

function settingsOf(options, temporary) {
  const {batch, rounds, priorRounds, threads, device, chunkSize} = options;
  return {
    trainee: join(temporary, 'trainee.pt'),
    delta: join(temporary, 'delta.f32'),
    evalBatch: EVALUATION_BATCH,
    ...{batch, rounds, priorRounds, threads, device, chunkSize},
  };
}

function binaryCifar(data) {
  const folders = [
    data,
    join(data, 'cifar-10-batches-bin'),
    join(data, 'cifar10', 'cifar-10-batches-bin'),
  ];
  const found = folders.find((folder) => existsSync(join(folder, 'test_batch.bin')));
  if (found !== undefined) return found;
  throw new Error(
    `Expected CIFAR-10, binary version, for --data but found no test_batch.bin in ${data}`,
  );
}

/**
 * Makes ten classes of drawn images in CIFAR-10's binary layout, and a BadNets record of a narrow network trained
 * on them.
 */
async function syntheticPlace({clean, testLimit, width, threads, device}, temporary, log) {
  log(`making synthetic images and a backdoored preactresnet18_w${width}`);
  const data = join(temporary, 'cifar-10-batches-bin');
  const record = join(temporary, 'record', 'badnet_synthetic');
  const perClass = (count) => Math.ceil(count / 10);
  const made = await makeSyntheticDataset({
    seed: 0,
    trainPerClass: Math.max(60, perClass(clean)),
    testPerClass: perClass(testLimit),
    size: 32,
  });
  await mkdir(data);
  const perFile = Math.ceil(made.train.count / 5);
  for (let file = 0; file < 5; file++) {
    const part = cifarRecords(made.train, file * perFile, perFile);
    await writeFile(join(data, `data_batch_${file + 1}.bin`), part);
  }
  await writeFile(join(data, 'test_batch.bin'), cifarRecords(made.test, 0, made.test.count));
  await writeFile(join(data, 'batches.meta.txt'), made.classNames.join('\n'));
  await attack({
    kind: 'badnet',
    ...{data, threads, device},
    out: record,
    model: `preactresnet18_w${width}`,
    epochs: 3,
    learningRate: 0.05,
    batchSize: 32,
    evalEvery: 3,
  });
  return {record, data};
}

/** One label byte and the planes of each image. */
function cifarRecords({images, labels, count, height, width}, from, most) {
  const bytes = 3 * height * width;
  const rows = [];
  for (let i = from; i < Math.min(count, from + most); i++) {
    rows.push(Buffer.of(labels[i]), images.subarray(i * bytes, (i + 1) * bytes));
  }
  return Buffer.concat(rows);
}
