// Runs the package in a process of its own. Answers JSON lines on stdin with JSON lines, like baseline_worker.py.
import {readFile, writeFile} from 'node:fs/promises';
import {POLARIZER, sessionUnit} from './methods.mjs';
import {
  createSession,
  deviceInfo,
  EVALUATION_BATCH,
  forwardFlops,
  LOSS,
  loadTestSets,
  NORMALIZATION,
  openRecord,
  PGD,
  readCheckpoint,
  roundOptions,
  sessionOptions,
  setTestSets,
  shuffledRounds,
  trainEpoch,
  unlearn,
  writeCheckpoint,
} from './package.mjs';
import {answerLines, peakMiB, resetPeak, residentMiB} from './workers.mjs';

/** The target, and the images that both sides work on. */
function read(world) {
  return world.reference === undefined ? readRecord(world) : readModelWorld(world);
}

async function readModelWorld(world) {
  const checkpoint = await readCheckpoint(world.reference);
  const {stateDict: tensors} = await readCheckpoint(world.images);
  const set = (name) => imageSet(tensors, name);
  const cleanSubset = set('cleanSubset');
  const {modelName: model, numClasses} = checkpoint;
  const target = {...NORMALIZATION, model, numClasses, size: cleanSubset, checkpoint};
  return {target, cleanSubset, cleanTest: set('cleanTest'), poisonedTest: set('poisonedTest')};
}

function imageSet(tensors, name) {
  const {data, shape} = tensors.get(`${name}.images`);
  const [count, , height, width] = shape;
  const integers = (kind) => {
    const {data} = tensors.get(`${name}.${kind}`);
    const {buffer, byteOffset, length} = data.slice();
    return Int32Array.from(new BigInt64Array(buffer, byteOffset, length / 8), Number);
  };
  return {
    images: data,
    labels: integers('labels'),
    trueLabels: integers('trueLabels'),
    originalIndices: Int32Array.from({length: count}, (_, i) => i),
    ...{count, height, width},
  };
}

async function readRecord(world) {
  const target = await openRecord(world);
  const cleanSubset = await target.dataset.loadTrain(Int32Array.from(world.cleanIndices));
  return {target, cleanSubset, ...(await loadTestSets(target, world.testLimit, {}))};
}

class Native {
  constructor(world) {
    this.world = world;
  }

  /** The models and the images that a part works on. */
  async load(part) {
    if (part === 'loading') return;
    const {target, cleanSubset, ...tests} = await read(this.world);
    this.session = await createSession(sessionOptions(this.world, target));
    await this.session.loadStateDict((await readCheckpoint(target.checkpoint.path)).stateDict);
    if (part === 'prepare') Object.assign(this, {target, tests});
    // perturb and outerGradient run the reference on the whole role, so the role must hold their batch alone.
    const whole = ['round', 'prepare', 'training'].includes(part) || this.isMethod(part);
    const images = whole ? cleanSubset : firstImages(cleanSubset, this.world.batch);
    await this.session.setImages(
      ['training', 'ep'].includes(part) ? 'train' : 'cleanSubset',
      images,
    );
    if (part === 'evaluation') await setTestSets(this.session, tests);
    this.positions = Int32Array.from({length: this.world.batch}, (_, i) => i);
  }

  /** Makes the state that both sides start from: the trainee after some rounds, and its perturbed batch. */
  async prepare() {
    const {session, target, world} = this;
    if (world.priorRounds > 0) {
      const {priorLearningRate: learningRate} = world;
      await unlearn(session, shuffledRounds(world, world.priorRounds, {learningRate}));
    }
    const {model: modelName, numClasses, size} = target;
    const stateDict = await session.exportStateDict();
    await writeCheckpoint(world.trainee, {modelName, numClasses, stateDict});
    await writeFile(world.delta, await session.perturb('cleanSubset', this.positions, PGD));
    const {cleanTest, poisonedTest} = this.tests;
    return {
      model: {name: modelName, size: size.height, numClasses},
      flopsOfForward: await forwardFlops(modelName, numClasses, size),
      counts: {cleanTest: cleanTest.count, poisonedTest: poisonedTest.count},
      libtorch: (await deviceInfo()).libtorchVersion,
    };
  }

  isMethod(part) {
    return Object.hasOwn(this.world.units ?? {}, part);
  }

  /** The weights that every run starts from. They are read anew, so that none lie in memory during a run. */
  async start() {
    return (await readCheckpoint(this.world.trainee)).stateDict;
  }

  async run(part, save) {
    if (part !== 'loading') await this.session.loadStateDict(await this.start(), 'trainee');
    const prepared = part === 'outer' ? new Float32Array(await floatsOf(this.world.delta)) : null;
    global.gc();
    const [start, used] = [performance.now(), process.cpuUsage()];
    const result = await (this.isMethod(part) ? this.method(part) : this[part](prepared));
    const seconds = (performance.now() - start) / 1000;
    const {user, system} = process.cpuUsage(used);
    const cpuSeconds = (user + system) / 1e6;
    return {seconds, cpuSeconds, ...(await this.describe(part, result, save))};
  }

  loading() {
    return read(this.world);
  }

  pgd() {
    return this.session.perturb('cleanSubset', this.positions, PGD);
  }

  outer(delta) {
    return this.session.outerGradient('cleanSubset', this.positions, delta, LOSS);
  }

  round() {
    return unlearn(this.session, roundOptions(this.world));
  }

  evaluation() {
    return this.session.evaluate('trainee', EVALUATION_BATCH);
  }

  training() {
    return trainEpoch(this.session, this.world.batch);
  }

  /** What a method finds besides weights: the norms of triggers, or what masks have lost, from the most on. */
  async method(part) {
    const found = [];
    const onProgress = ({kind, table, cells}) => {
      if (kind !== 'row') return;
      if (table === 'triggers') found.push(cells.norm);
      if (table === 'masks') found.push(1 - cells.mask);
    };
    await this.session.defend(sessionUnit(this.world.units[part]), {onProgress});
    return part === 'nc' ? found : found.sort((a, b) => b - a);
  }

  async describe(part, result, save) {
    if (part === 'npd') return {found: polarizerChange(await this.session.exportStateDict())};
    if (this.isMethod(part)) {
      if (save)
        await writeFile(save, changes(await this.start(), await this.session.exportStateDict()));
      return {found: result};
    }
    switch (part) {
      case 'loading': {
        const {cleanSubset, cleanTest, poisonedTest} = result;
        const sets = Object.entries({cleanSubset, cleanTest, poisonedTest});
        return Object.fromEntries(sets.map(([name, set]) => [name, imageSums(set)]));
      }
      case 'pgd':
        if (save) await writeFile(save, result);
        return {};
      case 'outer': {
        const named = result.gradient.toSorted((a, b) => (a.name < b.name ? -1 : 1));
        if (save) await writeFile(save, Buffer.concat(named.map(({data}) => data)));
        return {loss: result.loss, suspects: result.suspects.reduce((sum, is) => sum + is, 0)};
      }
      case 'round': {
        const {loss, cleanLoss, sharedLoss, suspectShare} = result[0].figures;
        return {losses: {loss, cleanLoss, sharedLoss}, suspectShare};
      }
      case 'training':
        return {loss: result[0].figures.loss};
      default:
        return {metrics: result};
    }
  }
}

function firstImages({images, labels, trueLabels, originalIndices, height, width}, count) {
  return {
    images: images.slice(0, count * 3 * height * width),
    labels: labels.slice(0, count),
    trueLabels: trueLabels.slice(0, count),
    originalIndices: originalIndices.slice(0, count),
    ...{count, height, width},
  };
}

/** What was added to the weights and running statistics, in the order of their names. */
function changes(before, after) {
  const names = [...after.keys()].filter((name) => !name.endsWith('num_batches_tracked')).sort();
  const parts = names.map((name) => {
    const [old, fresh] = [before, after].map((state) => floats(state.get(name).data));
    return Buffer.from(fresh.map((value, i) => value - old[i]).buffer);
  });
  return Buffer.concat(parts);
}

/** How far each row of a polarizer's convolution is from that of the identity. */
function polarizerChange(state) {
  const weight = state.get(`${POLARIZER}.weight`);
  const [channels] = weight.shape;
  const values = floats(weight.data);
  return Array.from({length: channels}, (_, row) => {
    const change = values.slice(row * channels, (row + 1) * channels);
    change[row] -= 1;
    return Math.hypot(...change);
  });
}

function floats(data) {
  const {buffer, byteOffset, byteLength} = data.slice();
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

function imageSums({count, images, labels}) {
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  return [count, sum(images), sum(labels)];
}

async function floatsOf(path) {
  const {buffer, byteOffset, byteLength} = await readFile(path);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

let native;

async function answer({command, part, world, save}) {
  switch (command) {
    case 'load':
      native = new Native(world);
      await native.load(part);
      global.gc();
      await resetPeak();
      return {restMiB: await residentMiB()};
    case 'prepare':
      return native.prepare();
    case 'run':
      return native.run(part, save);
    case 'memory':
      return {peakMiB: await peakMiB()};
    default:
      throw new Error(`Expected load, prepare, run or memory but received ${command}`);
  }
}

await answerLines('native', answer);
