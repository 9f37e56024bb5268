import {firstImages, type ImageSet} from '../datasets/image_set.js';
import type {NativePgdOptions, NativeSauLossOptions} from '../native/run_contract.js';
import type {RunOptions} from '../run/progress.js';
import type {Session} from '../session/session.js';
import type {ImagePace} from './planned_work.js';

/** What is looked at first: enough to know how many images are worth it. */
const FIRST_IMAGES = 4;
/** Seconds for all kinds of passes together. */
const ENOUGH_SECONDS = 1.5;
/** A CPU takes no more at a time; a GPU is not busy with fewer. */
const MOST_IMAGES = {cpu: 64, cuda: 512} as const;
/** Of a network that is fast the best of several trials: the first one prepares what is kept. */
const TRIALS = 3;

/** A step that changes no prediction: no image leaves the search before its end. */
const SEARCH: NativePgdOptions = {
  norm: 'L_inf',
  normBound: 1e-9,
  stepSize: 1e-9,
  steps: 1,
  init: 'zero',
  beta1: 0.01,
  beta2: 1,
};
const LOSS: NativeSauLossOptions = {lambda1: 1, lambda2: 0, lambda3: 1, trainMode: false};

/** What is asked of a session, by jobs that leave no trace in it: neither in its weights nor in its generator. */
export type TimedSession = Pick<
  Session,
  'device' | 'setImages' | 'predict' | 'perturb' | 'outerGradient'
>;

/**
 * Measures how long a session takes for an image, on the first of some images. It needs the role `heldOut` for that,
 * and weights. Takes one or two seconds, and three images' worth where a single one takes longer.
 * @param now Milliseconds of a clock that only goes on
 */
export async function measurePace(
  session: TimedSession,
  images: ImageSet,
  run: Pick<RunOptions, 'signal'>,
  now = () => performance.now(),
): Promise<ImagePace> {
  const trial = async (count: number): Promise<ImagePace & {count: number; seconds: number}> => {
    const set = await firstImages(images, count);
    const times = await timesOf(session, set, run, now);
    return {...paceOf(times, set.count), count: set.count, seconds: sum(Object.values(times))};
  };
  const first = await trial(FIRST_IMAGES);
  const most = session.device === 'cpu' ? MOST_IMAGES.cpu : MOST_IMAGES.cuda;
  const worth = Math.floor((first.count * ENOUGH_SECONDS) / first.seconds);
  const count = Math.min(most, images.count, Math.max(FIRST_IMAGES, worth));
  let best = await trial(count);
  let spent = best.seconds;
  for (let i = 1; i < TRIALS && spent < ENOUGH_SECONDS; i++) {
    const next = await trial(count);
    spent += next.seconds;
    best = {...next, ...fastest(best, next)};
  }
  const {forward, attack, training} = best;
  return {forward, attack, training};
}

type Times = Record<'predict' | 'perturb' | 'outerGradient', number>;

async function timesOf(
  session: TimedSession,
  set: ImageSet,
  run: Pick<RunOptions, 'signal'>,
  now: () => number,
): Promise<Times> {
  const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const start = now();
    const value = await work();
    return [value, (now() - start) / 1000];
  };
  await session.setImages('heldOut', set);
  const [labels, predict] = await timed(() => session.predict('trainee', 'heldOut', run));
  // An image that is misclassified by both models from the start would leave the search at once.
  await session.setImages('heldOut', {...set, labels, trueLabels: labels});
  const all = Int32Array.from({length: set.count}, (_, i) => i);
  await session.perturb('heldOut', all, {...SEARCH, steps: 0}, run); // the reference's predictions are kept from here on
  const [delta, perturb] = await timed(() => session.perturb('heldOut', all, SEARCH, run));
  const [, outerGradient] = await timed(() => session.outerGradient('heldOut', all, delta, LOSS));
  run.signal?.throwIfAborted();
  return {predict, perturb, outerGradient};
}

/**
 * The search of one step is a forward pass of both networks besides the step itself, which goes through both; the
 * gradient is a forward pass of the reference and two steps of training.
 */
function paceOf({predict, perturb, outerGradient}: Times, count: number): ImagePace {
  const forward = predict / count;
  return {
    forward,
    attack: Math.max(forward, (perturb / count - 2 * forward) / 2),
    training: Math.max(forward, (outerGradient / count - forward) / 2),
  };
}

function fastest(a: ImagePace, b: ImagePace): ImagePace {
  return {
    forward: Math.min(a.forward, b.forward),
    attack: Math.min(a.attack, b.attack),
    training: Math.min(a.training, b.training),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
