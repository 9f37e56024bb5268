// The process of one point. Answers one JSON line on stdin, "prepare" or "measure", with one on stdout.
import {
  createSession,
  deviceInfo,
  MersenneTwister,
  readCheckpoint,
  roundOptions,
  sessionOptions,
  shuffledRounds,
  trainOptions,
  unlearn,
  writeCheckpoint,
} from '../package.mjs';
import {answerLines, peakMiB, resetPeak, residentMiB} from '../workers.mjs';
import {BATCH} from './plan.mjs';

/** Seeds of the images. The network learns from other images than those that it unlearns on. */
const TRAIN_SEED = 1;
const CLEAN_SEED = 2;
const TRAINING = {images: 1024, epochs: 6, learningRate: 0.05};
/** Batches of unlearning before any measurement. */
const PRIOR_BATCHES = 4;

/** Each class is a pattern of GRID x GRID colors. */
const GRID = 4;
/** Range of the noise of an image's pixels around the color of the pattern, in gray levels. */
const NOISE = 64;

const HALF = [0.5, 0.5, 0.5];

function openSession({width, threads, point}) {
  const model = `preactresnet18_w${width}`;
  const target = {model, numClasses: point.classes, mean: HALF, std: HALF};
  return createSession(sessionOptions({device: 'cpu', threads, precision: 'fp32'}, target));
}

/** `count` clean images in batches. */
function cleanImages(count) {
  return {batch: BATCH, cleanIndices: Array(count).fill(0)};
}

/** Trains a network, starts to unlearn with a trainee, and writes both. */
async function prepare(request) {
  const {side, classes} = request.point;
  const session = await openSession(request);
  await session.initialize();
  await session.setImages(
    'train',
    patternImages({count: TRAINING.images, side, classes, seed: TRAIN_SEED}),
  );
  const epochs = await session.train(victimTraining());
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
  await unlearn(session, roundOptions(cleanImages(count)));
  await write(request.trainee);
  return {trainAcc: epochs.at(-1).figures.trainAcc, libtorch: (await deviceInfo()).libtorchVersion};
}

function victimTraining() {
  const {epochs, learningRate} = TRAINING;
  const own = {
    kind: 'badnet',
    epochs,
    learningRate,
    batchSize: BATCH,
    cropPadding: 0,
    evalEvery: 0,
  };
  return trainOptions(own);
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
  await unlearn(session, shuffledRounds(cleanImages(count), warmUpRounds));
  await session.loadStateDict(trainee, 'trainee');
  global.gc();
  const start = performance.now();
  const [{figures}] = await unlearn(session, roundOptions(cleanImages(count)));
  const seconds = (performance.now() - start) / 1000;
  return {seconds, restMiB, peakMiB: await peakMiB(), suspectShare: figures.suspectShare};
}

/**
 * Time and memory of each round, as [{seconds, suspectShare, residentMiB, peakMiB}]. Memory is read when the next
 * round has begun. One more round is run for that, because after the last round there is less memory, which would
 * distort the slope.
 */
async function watchRounds(session, count, rounds) {
  const seen = [];
  const look = async ({seconds, figures}) => {
    global.gc();
    const memory = {residentMiB: await residentMiB(), peakMiB: await peakMiB()};
    await resetPeak();
    return {seconds, suspectShare: figures.suspectShare, ...memory};
  };
  await unlearn(session, shuffledRounds(cleanImages(count), rounds + 1), {
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

/** Makes `count` images whose labels cycle through the classes. The patterns do not depend on `seed`. */
function patternImages({count, side, classes, seed}) {
  const patterns = randomBytes(classes * 3 * GRID * GRID, 0);
  const pixels = 3 * side * side;
  const noise = randomBytes(count * pixels, seed);
  const images = new Uint8Array(count * pixels);
  const labels = Int32Array.from({length: count}, (_, i) => i % classes);
  const cell = (at) => Math.floor((at * GRID) / side);
  for (let i = 0; i < images.length; i++) {
    const [x, row] = [i % side, Math.floor(i / side)];
    const [y, plane] = [row % side, Math.floor(row / side)];
    const [channel, image] = [plane % 3, Math.floor(plane / 3)];
    const at = ((labels[image] * 3 + channel) * GRID + cell(y)) * GRID + cell(x);
    const span = 255 - NOISE;
    images[i] = (patterns[at] * span + noise[i] * NOISE) / 255;
  }
  return {
    ...{images, labels, count},
    trueLabels: labels,
    originalIndices: Int32Array.from(labels.keys()),
    ...{height: side, width: side},
  };
}

function randomBytes(count, seed) {
  const twister = MersenneTwister.fromSeed(seed);
  const words = Uint32Array.from({length: Math.ceil(count / 4)}, () => twister.nextUint32());
  return new Uint8Array(words.buffer, 0, count);
}

await answerLines('growth', answer);
