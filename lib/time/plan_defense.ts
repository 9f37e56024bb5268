import {SauError} from '../base/errors.js';
import {parseCleanSpec} from '../datasets/clean_subset.js';
import type {ImageSet} from '../datasets/image_set.js';
import {defenseOf} from '../defenses/defenses.js';
import {resolveRounds} from '../options/config.js';
import {named} from '../options/named.js';
import type {DefendConfig} from '../options/types.js';
import type {RunOptions} from '../run/progress.js';
import type {Session} from '../session/session.js';
import {loadCleanSubset, subsetOf} from '../target/clean_images.js';
import type {Target} from '../target/target.js';
import {loadTestSets, type TestSets} from '../target/test_sets.js';
import {type Fit, fitInto, LEAST_IMAGES, LEAST_TESTS} from './budget.js';
import {alternativesTo, type DefenseScene, limitFor, sizeOfDefense} from './defense_size.js';
import {estimateOf, secondsOfRun} from './estimate.js';
import {hasFasterBf16} from './faster_precision.js';
import {learnedOf} from './held_out.js';
import {measurePace} from './measure_pace.js';
import type {ImagePace} from './planned_work.js';
import {roughly} from './roughly.js';

/** A defense before it begins: its options and its images. */
export interface DefensePlan {
  readonly config: DefendConfig;
  readonly cleanSubset: ImageSet | null;
  readonly testSets: TestSets;
}

/**
 * Measures how long a defense will take and tells it. Where it has a time budget, what does not fit is made smaller.
 * Leaves no trace in the session, except for the role `heldOut`. Throws ERR_CONFIG where not even the smallest run
 * would fit.
 * @param deadline Milliseconds, of the clock `performance.now()`, at which the run has to be done; null: at any time
 */
export async function planDefense(
  plan: DefensePlan,
  {session, target, deadline}: {session: Session; target: Target; deadline: number | null},
  run: RunOptions,
): Promise<DefensePlan> {
  const {config} = plan;
  const {cleanTest, poisonedTest} = plan.testSets;
  const sample = plan.cleanSubset ?? cleanTest ?? poisonedTest;
  if (sample === null) return plan;
  const pace = await paceOf(session, sample, run);
  if (pace === null) return plan;
  const scene = sceneOf(plan, target);
  const left = deadline === null ? null : (deadline - performance.now()) / 1000;
  const fit = left === null ? null : fitted(left, config, scene, pace);
  const chosen = fit === null ? plan : await resized(plan, fit, scene, target, run);
  await tell(chosen, sceneOf(chosen, target), {pace, session}, run);
  return chosen;
}

/** null where the weights are damaged, which the measurement of the checkpoint tells better. */
async function paceOf(
  session: Session,
  sample: ImageSet,
  run: RunOptions,
): Promise<ImagePace | null> {
  try {
    return await measurePace(session, sample, run);
  } catch (error) {
    if (error instanceof SauError && error.code === 'ERR_DIVERGED') return null;
    throw error;
  }
}

function sceneOf(
  {config, cleanSubset, testSets}: DefensePlan,
  {datasetName, numClasses, size}: Target,
): DefenseScene {
  const {cleanTest, poisonedTest} = testSets;
  const tests = [cleanTest, poisonedTest].flatMap((set) => [...(set?.originalIndices ?? [])]);
  return {
    ...{datasetName, numClasses, values: 3 * size.height * size.width},
    images: learnedOf(cleanSubset?.count ?? 0, config.patience),
    tests: Int32Array.from(tests).sort(),
  };
}

/** What fits into the seconds that are left. Throws ERR_CONFIG where nothing does. */
function fitted(left: number, config: DefendConfig, scene: DefenseScene, pace: ImagePace): Fit {
  const {images, tests, datasetName} = scene;
  const asked: Fit = {
    rounds: resolveRounds(config, datasetName),
    ...{images, tests: tests.length, evalEvery: config.evalEvery},
  };
  const isChosen = ['ratio', 'count'].includes(parseCleanSpec(config.clean).kind);
  const leastImages = Math.min(images, isChosen ? LEAST_IMAGES : images);
  const resize = (fit: Fit) =>
    sizeOfDefense(withFit(config, fit, scene), {...scene, ...fit, tests});
  const fit = fitInto(left, {...asked, leastImages}, resize, pace);
  if (fit !== null) return fit;
  const smallest = {
    ...{rounds: 1, images: leastImages, evalEvery: 1},
    tests: Math.min(asked.tests, LEAST_TESTS),
  };
  const needed = secondsOfRun(resize(smallest), pace);
  throw new SauError(
    'ERR_CONFIG',
    `Expected more time for ${named('timeBudget')} but received ${roughly(config.timeBudget ?? 0)}, of which ` +
      `${roughly(Math.max(0, left))} are left once the images are read: the smallest run takes ${roughly(needed)}.`,
    {
      remedy: `Give more time, or a smaller ${named('testLimit')}.`,
      details: {timeBudget: config.timeBudget, left, needed},
    },
  );
}

function withFit(config: DefendConfig, {rounds, evalEvery, tests}: Fit, scene: DefenseScene) {
  const testLimit = limitFor(scene.tests, tests) ?? config.testLimit;
  return {...config, rounds, evalEvery, testLimit} as DefendConfig;
}

/** The options and images that fit. The result names them, and no budget: given again they give an equal run. */
async function resized(
  {config: asked, cleanSubset, testSets}: DefensePlan,
  fit: Fit,
  scene: DefenseScene,
  target: Target,
  run: RunOptions,
): Promise<DefensePlan> {
  const fewer = fit.images < scene.images;
  const clean = fewer ? String(countWith(fit.images, asked.patience)) : asked.clean;
  const config = {...withFit(asked, fit, scene), clean, timeBudget: null} as DefendConfig;
  const {rounds, testLimit, evalEvery} = {...config, ...fit};
  const isSmaller =
    fewer || rounds < resolveRounds(asked, scene.datasetName) || testLimit !== asked.testLimit;
  const isChanged = isSmaller || evalEvery !== asked.evalEvery;
  const message =
    `the time budget of ${roughly(asked.timeBudget ?? 0)} has room for rounds ${rounds}, clean ${clean}, ` +
    `evalEvery ${evalEvery}${testLimit === null ? '' : `, testLimit ${testLimit}`}`;
  if (isChanged) run.onProgress?.({kind: 'note', message});
  const {signal} = run;
  const silent = signal === undefined ? {} : {signal};
  return {
    config,
    cleanSubset: fewer
      ? await loadCleanSubset(config, subsetOf(config), target, silent)
      : cleanSubset,
    testSets:
      testLimit === asked.testLimit ? testSets : await loadTestSets(target, testLimit, silent),
  };
}

/** Clean images of which so many are left to learn from. */
function countWith(learned: number, patience: number): number {
  return patience === 0 ? learned : Math.floor((5 * learned) / 4);
}

async function tell(
  {config, cleanSubset}: Pick<DefensePlan, 'config' | 'cleanSubset'>,
  scene: DefenseScene,
  {pace, session}: {pace: ImagePace; session: Session},
  run: RunOptions,
): Promise<void> {
  const {purpose} = defenseOf(config.method);
  const mayUseBf16 = purpose === 'unlearning' && (await hasFasterBf16(session, config.precision));
  const size = sizeOfDefense(config, scene);
  const estimate = estimateOf(size, pace, alternativesTo(config, scene, mayUseBf16));
  const counts = {cleanImages: cleanSubset?.count ?? 0, testImages: scene.tests.length};
  run.onProgress?.({kind: 'estimate', ...estimate, pace, ...counts});
}
