// Question C: is the attack weaker in a low precision? Half of a perturbation's elements differ after five steps, so that
// signs say little; what the outer step works with are the suspects, images whose perturbation leads the reference to a
// wrong class that differs from its clean answer.
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {
  createSession,
  LOSS,
  NUDGED_BALL,
  openRecord,
  PGD,
  readCheckpoint,
  sessionOptions,
} from '../package.mjs';
import {prepare} from '../sides.mjs';
import {pairedZ} from '../statistics.mjs';
import {makeWorld} from '../worlds.mjs';

/** Images of a batch in the trainee's prior rounds, and most images of such a round. */
const PRIOR = {batch: 256, images: 512};
/** The world makes test images, which nothing here looks at. */
const TEST_LIMIT = 20;

/**
 * {subject, model, images, priorImages, rows}; a row per precision as {attack, suspects, share, onlyHere, onlyFp32, z}.
 * The same images are attacked in each, and every perturbation is judged in fp32.
 */
export async function compareSuspects(options, temporary, log) {
  const folder = join(temporary, 'suspects');
  await mkdir(folder);
  const clean = options.images;
  const own = {...options, clean, batch: Math.min(clean, PRIOR.batch), testLimit: TEST_LIMIT};
  const world = await makeWorld(own, folder, log);
  const priorIndices = world.cleanIndices.slice(0, PRIOR.images);
  log(`preparing the trainee: ${options.priorRounds} round(s) over ${priorIndices.length} images`);
  const {model} = await prepare({...world, cleanIndices: priorIndices});
  const subject = await openSubject(world);
  const judge = await openNets({...world, precision: 'fp32'}, subject);
  const rows = [];
  try {
    for (const {attack, precision, pgd} of attacksOf(options.precisions)) {
      const start = performance.now();
      const delta = await perturb({...world, precision}, subject, pgd);
      const seconds = (performance.now() - start) / 1000;
      const {suspects} = await judge.outerGradient('cleanSubset', subject.positions, delta, LOSS);
      log(`${attack}: ${clean} images in ${seconds.toFixed(0)} s`);
      rows.push({attack, seconds, suspects});
    }
  } finally {
    judge.dispose();
  }
  const [{suspects: inFp32}] = rows;
  return {
    ...{subject: world.name, model, images: clean, priorImages: priorIndices.length},
    rows: rows.map(({attack, seconds, suspects}) => ({
      ...{attack, seconds},
      ...discordance(suspects, inFp32),
    })),
  };
}

/** fp32 first, then the yardstick, then the others. */
function attacksOf(precisions) {
  const [fp32, ...others] = precisions.map((precision) => ({
    attack: precision,
    precision,
    pgd: PGD,
  }));
  const nudged = {attack: 'fp32 nudged', precision: 'fp32', pgd: {...PGD, ...NUDGED_BALL}};
  return [fp32, nudged, ...others];
}

async function openSubject({record, data, cleanIndices, trainee}) {
  const target = await openRecord({record, data});
  return {
    target,
    images: await target.dataset.loadTrain(Int32Array.from(cleanIndices)),
    positions: Int32Array.from(cleanIndices.keys()),
    trainee: (await readCheckpoint(trainee)).stateDict,
  };
}

async function openNets(world, {target, images, trainee}) {
  const session = await createSession(sessionOptions(world, target));
  await session.loadStateDict((await readCheckpoint(target.checkpoint.path)).stateDict);
  await session.loadStateDict(trainee, 'trainee');
  await session.setImages('cleanSubset', images);
  return session;
}

async function perturb(world, subject, pgd) {
  const session = await openNets(world, subject);
  try {
    return await session.perturb('cleanSubset', subject.positions, pgd);
  } finally {
    session.dispose();
  }
}

/** Suspects of one attack against those in fp32, [images] of 0 and 1 each; z is positive where this attack makes more. */
function discordance(suspects, inFp32) {
  const count = (holds) => suspects.reduce((sum, is, i) => sum + (holds(is, inFp32[i]) ? 1 : 0), 0);
  const all = count((is) => is);
  return {
    ...{suspects: all, share: all / suspects.length},
    onlyHere: count((is, was) => is && !was),
    onlyFp32: count((is, was) => !is && was),
    z: pairedZ(suspects, inFp32),
  };
}
