import type {AttackContext} from '../../../lib/attacks/attack_context.js';
import type {StateDict} from '../../../lib/checkpoint/tensor.js';
import type {ImageSet} from '../../../lib/datasets/image_set.js';
import {makeSyntheticDataset} from '../../../lib/datasets/synthetic.js';
import type {Progress, RunOptions} from '../../../lib/run/progress.js';
import {createSession} from '../../../lib/session/open_session.js';
import type {Session} from '../../../lib/session/session.js';

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
