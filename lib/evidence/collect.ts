import type {ImageSet} from '../datasets/image_set.js';
import {SAU} from '../defenses/sau.js';
import type {ModelRole} from '../native/data_contract.js';
import {DEFEND_DEFAULTS} from '../options/defaults.js';
import {nativeOf} from '../options/native.js';
import {tableOf} from '../options/option.js';
import type {DefendConfig} from '../options/types.js';
import type {Evidence, Pair, ShownImage} from '../records/evidence.js';
import {SCHEMA_VERSION} from '../records/schema_version.js';
import {pick} from '../report/strip.js';
import type {RunOptions} from '../run/progress.js';
import type {Session} from '../session/session.js';
import type {TestSets} from '../target/test_sets.js';
import {chooseImages} from './chosen.js';
import {featureMap} from './feature_map.js';
import {dataUri, type Heat, heatUri} from './pictures.js';
import {cleanEvidence, poisonedEvidence} from './predictions.js';

/** Images in a row of the strip, and of each kind under Grad-CAM. */
const STRIP_IMAGES = 8;
const LOOK_IMAGES = 4;

/** The test sets as a session has them. */
type TestRole = 'cleanTest' | 'poisonedTest';
const MODELS: Pair<ModelRole> = {before: 'reference', after: 'trainee'};

/** What is looked at: a session with the model before the defense as `reference` and the purified one as `trainee`. */
export interface Scene {
  readonly session: Session;
  /** The images of the roles of their names in the session. */
  readonly sets: TestSets;
  readonly numClasses: number;
  readonly config: DefendConfig;
  readonly of: Evidence['of'];
}

/** Computes the evidence of a run. Throws what a session throws; rejects with `signal.reason` when aborted. */
export async function collectEvidence(scene: Scene, run: RunOptions): Promise<Evidence> {
  const {sets, numClasses, of} = scene;
  const missing: string[] = [];
  if (sets.cleanTest === null) missing.push('What needs clean test images: there are none.');
  if (sets.poisonedTest === null) missing.push('What needs poisoned test images: there are none.');
  const stage = (message: string): void => run.onProgress?.({kind: 'stage', message});
  stage('predicting the test images');
  const clean = sets.cleanTest && (await predictions(scene, 'cleanTest', run));
  const poisoned = sets.poisonedTest && (await predictions(scene, 'poisonedTest', run));
  stage('drawing images for the report');
  const strip = await stripOf(scene, {clean, poisoned}, run);
  const looks = await looksOf(scene, {clean, poisoned}, run);
  if (looks === null) missing.push('Where the model looks: this network has no map to look at.');
  const map = await featureMap(scene, MODELS, run);
  if (map === null)
    missing.push('The map of features: this network does not end with a linear layer.');
  return {
    ...{schemaVersion: SCHEMA_VERSION, of},
    clean: sets.cleanTest && clean && cleanEvidence(sets.cleanTest, clean, numClasses),
    poisoned:
      sets.poisonedTest && poisoned && poisonedEvidence(sets.poisonedTest, poisoned, numClasses),
    ...{strip, looks, map, missing},
  };
}

/** What both models predict, of the sets that there are. */
interface Predicted {
  readonly clean: Pair<Int32Array> | null;
  readonly poisoned: Pair<Int32Array> | null;
}

/** Both models' predictions of all images of a role. */
async function predictions(
  {session}: Scene,
  role: TestRole | 'train',
  run: RunOptions,
): Promise<Pair<Int32Array>> {
  const before = await session.predict(MODELS.before, role, run);
  return {before, after: await session.predict(MODELS.after, role, run)};
}

async function stripOf(
  scene: Scene,
  predicted: Predicted,
  run: RunOptions,
): Promise<Evidence['strip']> {
  const {cleanTest, poisonedTest} = scene.sets;
  const chosen = chooseImages(scene.sets, STRIP_IMAGES);
  const clean =
    cleanTest && predicted.clean ? await shownOf(cleanTest, chosen.clean, predicted.clean) : [];
  const poisoned =
    poisonedTest && predicted.poisoned
      ? await shownOf(poisonedTest, chosen.poisoned, predicted.poisoned)
      : [];
  const adversarial =
    cleanTest === null || chosen.clean.length === 0
      ? []
      : await adversarialOf(scene, cleanTest, chosen.clean, run);
  return clean.length + poisoned.length === 0 ? null : {clean, poisoned, adversarial};
}

async function shownOf(
  set: ImageSet,
  positions: Int32Array,
  predicted: Pair<Int32Array>,
): Promise<ShownImage[]> {
  const images = pick(set, positions);
  return Promise.all(
    [...positions].map(async (position, slot) => ({
      image: await dataUri(images[slot] ?? new Uint8Array(), set),
      label: set.trueLabels[position] ?? 0,
      predicted: at(predicted, position),
    })),
  );
}

function at({before, after}: Pair<Int32Array>, position: number): Pair<number> {
  return {before: before[position] ?? 0, after: after[position] ?? 0};
}

/** The clean images with the perturbation that misleads both models alike, to whole levels of gray. */
async function adversarialOf(
  scene: Scene,
  cleanTest: ImageSet,
  positions: Int32Array,
  run: RunOptions,
): Promise<ShownImage[]> {
  const {session, config} = scene;
  const {pgd} = nativeOf(
    tableOf(SAU.options),
    config.method === 'sau' ? config : DEFEND_DEFAULTS.sau,
  );
  const delta = await session.perturb('cleanTest', positions, pgd, run);
  const before = pick(cleanTest, positions);
  const bytes = 3 * cleanTest.height * cleanTest.width;
  const images = new Uint8Array(positions.length * bytes);
  for (const [slot, image] of before.entries()) {
    for (const [i, pixel] of image.entries()) {
      const moved = Math.round(pixel + 255 * (delta[slot * bytes + i] ?? 0));
      images[slot * bytes + i] = Math.max(0, Math.min(255, moved));
    }
  }
  const labels = positions.map((position) => cleanTest.labels[position] ?? 0);
  const {height, width} = cleanTest;
  const count = positions.length;
  const set = {
    images,
    labels,
    trueLabels: labels,
    originalIndices: positions,
    count,
    height,
    width,
  };
  await session.setImages('train', set);
  const predicted = await predictions(scene, 'train', run);
  return shownOf(
    set,
    Int32Array.from({length: count}, (_, i) => i),
    predicted,
  );
}

async function looksOf(
  scene: Scene,
  predicted: Predicted,
  run: RunOptions,
): Promise<Evidence['looks']> {
  const {cleanTest, poisonedTest} = scene.sets;
  const chosen = chooseImages(scene.sets, LOOK_IMAGES);
  const looks: NonNullable<Evidence['looks']> = [];
  for (const [kind, role, set, positions, classes] of [
    ['clean', 'cleanTest', cleanTest, chosen.clean, predicted.clean],
    ['poisoned', 'poisonedTest', poisonedTest, chosen.poisoned, predicted.poisoned],
  ] as const) {
    if (set === null || classes === null || positions.length === 0) continue;
    const before = await heats(scene, MODELS.before, role, positions, classes.before, run);
    const after = await heats(scene, MODELS.after, role, positions, classes.after, run);
    if (before === null || after === null) return null;
    for (const [slot, position] of positions.entries()) {
      const [image = new Uint8Array()] = pick(set, Int32Array.of(position));
      const under = async (heat: Heat | undefined) =>
        heatUri(image, set, heat ?? {values: new Float32Array(1), height: 1, width: 1});
      looks.push({
        kind,
        label: set.trueLabels[position] ?? 0,
        predicted: at(classes, position),
        image: {before: await under(before[slot]), after: await under(after[slot])},
      });
    }
  }
  return looks;
}

/** Where a model looks for what it predicts; null where the network has no place for it. */
async function heats(
  {session}: Scene,
  model: ModelRole,
  role: TestRole,
  positions: Int32Array,
  predicted: Int32Array,
  run: RunOptions,
): Promise<readonly Heat[] | null> {
  const classes = positions.map((position) => predicted[position] ?? 0);
  const cam = await session.gradCam(model, role, positions, classes, run);
  if (cam === null) return null;
  const {maps, height, width} = cam;
  const cells = height * width;
  return [...positions].map((_, i) => {
    return {values: maps.subarray(i * cells, (i + 1) * cells), height, width};
  });
}
