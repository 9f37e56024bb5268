// Question A: does a precision find the signs that float64 finds? PGD uses only the signs of a gradient.
import {mkdir, readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {createSession, openRecord, PGD, readCheckpoint, sessionOptions} from '../package.mjs';
import {prepare} from '../sides.mjs';
import {Worker} from '../workers.mjs';
import {makeWorld} from '../worlds.mjs';

/** Where the gradient is taken: delta = 0, and the attack's default start. */
const STARTS = {zero: 0, max: PGD.normBound};
/** The world needs test images, which are not used here. */
const TEST_LIMIT = 20;
/** Signs computed from a float32 delta are this close to integers. */
const TOLERANCE = 1e-3;

/** {subject, model, shared, rows, torch}; a row per start and precision of PyTorch and the package. */
export async function compareSigns(options, python, folder, log) {
  const temporary = join(folder, 'signs');
  await mkdir(temporary);
  const world = await makeWorld({...options, testLimit: TEST_LIMIT}, temporary, log);
  log(`preparing the trainee: ${options.priorRounds} round(s) over ${options.clean} images`);
  const {model} = await prepare(world);
  log('the gradients of PyTorch');
  const yardsticks = options.device === 'cpu' ? ['fp32'] : ['fp32', 'tf32'];
  const gradients = Object.keys(STARTS).flatMap((start) =>
    ['fp64', ...yardsticks].map((precision) => {
      const file = join(temporary, `gradient-${start}-${precision}.f64`);
      return {precision, start, file};
    }),
  );
  const {shared, torch} = await pytorchGradients(python, world, gradients);
  const rows = [];
  const exact = {};
  for (const {precision, start, file} of gradients) {
    const gradient = await doublesOf(file);
    if (precision === 'fp64') exact[start] = gradient;
    else
      rows.push({start, side: 'PyTorch', precision, ...agreement(exact[start], gradient, world)});
  }
  const images = await batchOf(world);
  for (const precision of options.precisions) {
    log(`the signs of the package in ${precision}`);
    const signs = await packageSigns({...world, precision}, images);
    for (const start of Object.keys(STARTS)) {
      const found = agreement(exact[start], signs[start], world);
      rows.push({start, side: 'package', precision, ...found});
    }
  }
  rows.sort((a, b) => Object.keys(STARTS).indexOf(a.start) - Object.keys(STARTS).indexOf(b.start));
  const facts = gradients.map(({precision, start}, i) => ({precision, start, shared: shared[i]}));
  return {subject: world.name, model, shared: facts, rows, torch};
}

async function pytorchGradients(python, world, gradients) {
  const {normBound: bound, beta1, beta2} = PGD;
  const script = join(import.meta.dirname, 'gradients.py');
  const worker = new Worker('gradients', python, ['-u', script], {
    PYTHONPATH: join(import.meta.dirname, '..'),
  });
  try {
    return await worker.request({...world, gradients, pgd: {bound, beta1, beta2}});
  } finally {
    await worker.close();
  }
}

async function batchOf({record, data, cleanIndices, batch, trainee}) {
  const target = await openRecord({record, data});
  const subset = await target.dataset.loadTrain(Int32Array.from(cleanIndices.slice(0, batch)));
  return {target, subset, trainee: (await readCheckpoint(trainee)).stateDict};
}

/**
 * The signs for each start, read from one step of the attack without projection, which would hide the signs at a
 * bound.
 */
async function packageSigns(world, {target, subset, trainee}) {
  const session = await createSession(sessionOptions(world, target));
  try {
    await session.loadStateDict((await readCheckpoint(target.checkpoint.path)).stateDict);
    await session.loadStateDict(trainee, 'trainee');
    await session.setImages('cleanSubset', subset);
    const positions = Int32Array.from({length: subset.count}, (_, i) => i);
    const signs = {};
    for (const [init, start] of Object.entries(STARTS)) {
      const pgd = {...PGD, init, norm: 'Reg', steps: 1};
      const delta = await session.perturb('cleanSubset', positions, pgd);
      signs[init] = Int8Array.from(delta, (value) => signOf((start - value) / PGD.stepSize));
    }
    return signs;
  } finally {
    session.dispose();
  }
}

function signOf(steps) {
  const sign = Math.round(steps);
  if (Math.abs(sign) <= 1 && Math.abs(steps - sign) < TOLERANCE) return sign;
  throw new Error(`Expected a perturbation of -1, 0 or 1 steps but found one of ${steps}`);
}

/**
 * How well the signs of `found` agree with those of `exact`, both [images * elements]. An image without a gradient
 * is shared. If both sides agree on that, there is nothing to compare; a sign on one side only is a difference.
 */
function agreement(exact, found, {batch}) {
  if (exact.length !== found.length) {
    throw new Error(`Expected ${exact.length} elements of a gradient but found ${found.length}`);
  }
  const size = exact.length / batch;
  const counts = {sharedBoth: 0, sharedOne: 0, elements: 0, zeroBoth: 0, zeroOne: 0, same: 0};
  const masses = [];
  let [mass, sameMass] = [0, 0];
  for (let image = 0; image < batch; image++) {
    const slice = (values) => values.subarray(image * size, (image + 1) * size);
    const [expected, actual] = [slice(exact), slice(found)];
    const still = [expected, actual].filter((values) => values.every((value) => value === 0));
    if (still.length === 1) counts.sharedOne++;
    if (still.length === 2) {
      counts.sharedBoth++;
      continue;
    }
    const own = compareImage(expected, actual, counts);
    mass += own.mass;
    sameMass += own.same;
    if (own.mass > 0) masses.push(own.same / own.mass);
  }
  return {
    ...counts,
    share: counts.same / counts.elements,
    massShare: sameMass / mass,
    meanImageShare: masses.reduce((sum, value) => sum + value, 0) / masses.length,
  };
}

function compareImage(expected, actual, counts) {
  let [mass, same] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [Math.sign(expected[i]), Math.sign(actual[i])];
    if (a === 0 && b === 0) {
      counts.zeroBoth++;
      continue;
    }
    counts.elements++;
    if (a === 0 || b === 0) counts.zeroOne++;
    const size = Math.abs(expected[i]);
    mass += size;
    if (a !== b) continue;
    counts.same++;
    same += size;
  }
  return {mass, same};
}

async function doublesOf(path) {
  const {buffer, byteOffset, byteLength} = await readFile(path);
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength));
}
