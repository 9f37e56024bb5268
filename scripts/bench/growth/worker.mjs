// A process for one point: answers one JSON line on stdin, "prepare" or "measure", with one on stdout.
import {createInterface} from 'node:readline';
import {peakMiB, resetPeak, residentMiB} from '../memory.mjs';
import {packageModule, roundOptions, sessionOptions} from '../native_options.mjs';
import {patternImages} from './images.mjs';
import {BATCH} from './plan.mjs';

const {createSession, deviceInfo, readCheckpoint, writeCheckpoint} = packageModule('index');
const {parseAttackConfig} = packageModule('options/config');
const {trainOptions: trainingOf} = packageModule('simulation/training');

/** Seeds of the images: the net learns others than those that it unlearns on. */
const TRAIN_SEED = 1;
const CLEAN_SEED = 2;
const TRAINING = {images: 1024, epochs: 6, learningRate: 0.05};
/** Batches that the trainee has behind it before any measurement. */
const PRIOR_BATCHES = 4;

const HALF = [0.5, 0.5, 0.5];

function openSession({width, threads, point}) {
  const model = `preactresnet18_w${width}`;
  const target = {model, numClasses: point.classes, mean: HALF, std: HALF};
  return createSession(sessionOptions({device: 'cpu', threads, precision: 'fp32'}, target));
}

/** `count` images in their order, once. */
function oneRound(count) {
  return roundOptions({batch: BATCH, cleanIndices: Array(count).fill(0)});
}

function shuffledRounds(count, rounds) {
  return {...oneRound(count), rounds, batchOrder: new Int32Array(0)};
}

/** Trains a net and lets a trainee begin to unlearn; writes both. */
async function prepare(request) {
  const {side, classes} = request.point;
  const session = await openSession(request);
  await session.initialize();
  await session.setImages(
    'train',
    patternImages({count: TRAINING.images, side, classes, seed: TRAIN_SEED}),
  );
  const epochs = await session.train(trainOptions());
  const write = async (path) =>
    writeCheckpoint(path, {
      modelName: 'preactresnet18',
      numClasses: classes,
      stateDict: await session.exportStateDict(),
    });
  await write(request.reference);
  await session.loadStateDict((await readCheckpoint(request.reference)).stateDict);
  const count = PRIOR_BATCHES * BATCH;
  await session.setImages('cleanSubset', patternImages({count, side, classes, seed: CLEAN_SEED}));
  await session.unlearn(oneRound(count));
  await write(request.trainee);
  return {trainAcc: epochs.at(-1).figures.trainAcc, libtorch: (await deviceInfo()).libtorchVersion};
}

function trainOptions() {
  const {epochs, learningRate} = TRAINING;
  const own = {
    kind: 'badnet',
    epochs,
    learningRate,
    batchSize: BATCH,
    cropPadding: 0,
    evalEvery: 0,
  };
  return trainingOf(parseAttackConfig(own), 'patterns');
}

async function measure(request) {
  const {images: count, side, classes, rounds} = request.point;
  const session = await openSession(request);
  const trainee = (await readCheckpoint(request.trainee)).stateDict;
  await session.loadStateDict((await readCheckpoint(request.reference)).stateDict, 'reference');
  await session.loadStateDict(trainee, 'trainee');
  await session.setImages('cleanSubset', patternImages({count, side, classes, seed: CLEAN_SEED}));
  global.gc();
  await resetPeak();
  const restMiB = await residentMiB();
  if (rounds > 1) return {restMiB, rounds: await watchRounds(session, count, rounds)};
  const warmUpRounds = Math.ceil((request.warmUp * BATCH) / count);
  await session.unlearn(shuffledRounds(count, warmUpRounds));
  await session.loadStateDict(trainee, 'trainee');
  global.gc();
  const start = performance.now();
  const [{figures}] = await session.unlearn(oneRound(count));
  const seconds = (performance.now() - start) / 1000;
  return {seconds, restMiB, peakMiB: await peakMiB(), suspectShare: figures.suspectShare};
}

/**
 * What each round took and left, as [{seconds, suspectShare, residentMiB, peakMiB}]. The next round has begun when
 * memory is looked at, so one more is run: after the very last there is less, and it would bend the slope.
 */
async function watchRounds(session, count, rounds) {
  const seen = [];
  const look = async ({seconds, figures}) => {
    global.gc();
    const memory = {residentMiB: await residentMiB(), peakMiB: await peakMiB()};
    await resetPeak();
    return {seconds, suspectShare: figures.suspectShare, ...memory};
  };
  await session.unlearn(shuffledRounds(count, rounds + 1), {
    onProgress: (progress) => progress.kind === 'round' && seen.push(look(progress.report)),
  });
  return (await Promise.all(seen)).slice(0, rounds);
}

async function answer(request) {
  switch (request.command) {
    case 'prepare':
      return prepare(request);
    case 'measure':
      return measure(request);
    default:
      throw new Error(`Expected prepare or measure but received ${request.command}`);
  }
}

for await (const line of createInterface({input: process.stdin})) {
  const reply = await answer(JSON.parse(line)).catch((error) => {
    console.error(error);
    return {error: `growth: ${error.message}`};
  });
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
