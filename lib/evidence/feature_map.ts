import type {ImageSet} from '../datasets/image_set.js';
import type {ModelRole} from '../native/data_contract.js';
import type {Evidence, MapView, Pair} from '../records/evidence.js';
import {spread} from '../report/strip.js';
import type {RunOptions} from '../run/progress.js';
import type {Session} from '../session/session.js';
import type {TestSets} from '../target/test_sets.js';
import {mainAxes} from './pca.js';

/** Images on a map. */
const CLEAN_IMAGES = 400;
const POISONED_IMAGES = 200;
/** Decimals of a place, of which the farthest is 1. */
const DECIMALS = 4;

interface Mapped {
  readonly session: Session;
  readonly sets: TestSets;
}

/** The features of some test images on the two main axes of each model; null where a model has none. */
export async function featureMap(
  scene: Mapped,
  models: Pair<ModelRole>,
  run: RunOptions,
): Promise<Evidence['map']> {
  const {cleanTest, poisonedTest} = scene.sets;
  if (cleanTest === null && poisonedTest === null) return null;
  const before = await viewOf(scene, models.before, run);
  const after = await viewOf(scene, models.after, run);
  return before === null || after === null ? null : {before, after};
}

async function viewOf(scene: Mapped, model: ModelRole, run: RunOptions): Promise<MapView | null> {
  const {session, sets} = scene;
  const parts = [];
  for (const [role, set, most] of [
    ['cleanTest', sets.cleanTest, CLEAN_IMAGES],
    ['poisonedTest', sets.poisonedTest, POISONED_IMAGES],
  ] as const) {
    const positions = set === null ? new Int32Array(0) : spread(set.count, most);
    const values =
      positions.length === 0
        ? new Float32Array(0)
        : await session.features(model, role, positions, run);
    if (values === null) return null;
    parts.push({set, positions, values});
  }
  const all = new Float32Array(parts.reduce((sum, {values}) => sum + values.length, 0));
  let filled = 0;
  for (const {values} of parts) {
    all.set(values, filled);
    filled += values.length;
  }
  const count = parts.reduce((sum, {positions}) => sum + positions.length, 0);
  const {points, explained} = mainAxes(all, count);
  const farthest = points.reduce((most, [x, y]) => Math.max(most, Math.abs(x), Math.abs(y)), 0);
  const place = (value: number) => Number((value / (farthest || 1)).toFixed(DECIMALS));
  const [clean, poisoned] = parts;
  const pointsOf = (set: ImageSet | null, positions: Int32Array, first: number) =>
    [...positions].map((position, i): MapView['clean'][number] => {
      const [x, y] = points[first + i] ?? [0, 0];
      return [place(x), place(y), set?.trueLabels[position] ?? 0];
    });
  const none = new Int32Array(0);
  return {
    explained: [explained[0], explained[1]],
    clean: pointsOf(clean?.set ?? null, clean?.positions ?? none, 0),
    poisoned: pointsOf(
      poisoned?.set ?? null,
      poisoned?.positions ?? none,
      clean?.positions.length ?? 0,
    ),
  };
}
