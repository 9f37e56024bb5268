import type {AttackContext} from '../../lib/attacks/attack_context.js';
import type {StateDict} from '../../lib/checkpoint/tensor.js';
import type {ImageSize} from '../../lib/datasets/decode.js';
import type {ImageSet} from '../../lib/datasets/image_set.js';
import {makeSyntheticDataset} from '../../lib/datasets/synthetic.js';
import type {Progress, RunOptions} from '../../lib/run/progress.js';
import {createSession} from '../../lib/session/open_session.js';
import type {Session} from '../../lib/session/session.js';

/** The generator of scripts/fixtures/make_trigger_fixtures.py. */
export function randomWords(seed: number, count: number): Uint32Array {
  let state = seed;
  return Uint32Array.from({length: count}, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  });
}

export function randomBytes(seed: number, count: number): Uint8Array {
  return Uint8Array.from(randomWords(seed, count), (word) => word >>> 24);
}

/** Random images; image i has label i modulo 10 and original index i. */
export function randomSet(count: number, {height, width}: ImageSize): ImageSet {
  const originalIndices = Int32Array.from({length: count}, (_, i) => i);
  const labels = originalIndices.map((i) => i % 10);
  return {
    images: randomBytes(1, count * 3 * height * width),
    ...{labels, trueLabels: labels, originalIndices, count, height, width},
  };
}

/** A context for triggers that need no model, and the notes that they send. */
export function contextOf(size: ImageSize, count = 20): AttackContext & {notes: string[]} {
  const set = randomSet(count, size);
  const notes: string[] = [];
  const onProgress = (progress: Progress): void => {
    if (progress.kind === 'note') notes.push(progress.message);
  };
  const noModel = () => Promise.reject(new Error('this trigger should need no model'));
  return {
    ...{size, targetLabel: 0, seed: 0, train: set, test: set, run: {onProgress}, notes},
    ...{openSession: noModel, cleanModel: noModel, poisoned: set.originalIndices},
  };
}

export interface ToldContext extends AttackContext {
  /** What the generator told, in order. */
  readonly told: Progress[];
}

/** A small attack: ten classes of 16 x 16 shapes and a clean net of width 2 with fresh weights. */
export async function smallContext(changes: Partial<AttackContext> = {}): Promise<ToldContext> {
  const size = 16;
  const {train, test} = await makeSyntheticDataset({
    seed: 1,
    trainPerClass: 4,
    testPerClass: 2,
    size,
  });
  const told: Progress[] = [];
  const openSession = (numClasses: number): Promise<Session> =>
    createSession({
      device: 'cpu',
      seed: 5,
      threads: 1,
      model: 'preactresnet18_w2',
      numClasses,
      mean: [0.5, 0.5, 0.5],
      std: [0.25, 0.25, 0.25],
    });
  return {
    size: {height: size, width: size},
    targetLabel: 0,
    seed: 5,
    ...{train, test, told, openSession, poisoned: train.originalIndices},
    run: {onProgress: (progress) => told.push(progress)},
    async cleanModel(): Promise<StateDict> {
      using session = await openSession(10);
      await session.initialize();
      return await session.exportStateDict();
    },
    ...changes,
  };
}

/** The images of a set as arrays, by position. */
export function imagesOf(set: Pick<ImageSet, 'images' | 'count'>): Uint8Array[] {
  const bytes = set.images.length / set.count;
  return Array.from({length: set.count}, (_, i) => set.images.slice(i * bytes, (i + 1) * bytes));
}

/** A run that is aborted, for the reason, as soon as it tells of a batch. */
export function abortedAtFirstBatch(): {run: RunOptions; reason: Error} {
  const controller = new AbortController();
  const reason = new Error('enough');
  const onProgress = ({kind}: Progress): void => {
    if (kind === 'batch') controller.abort(reason);
  };
  return {run: {signal: controller.signal, onProgress}, reason};
}
