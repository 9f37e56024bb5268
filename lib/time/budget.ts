import {type RunSize, secondsOfRun} from './estimate.js';
import {type ImagePace, secondsOf} from './planned_work.js';

/** Share of a budget that is planned: the pace of a few images tells the time of many to about a third. */
const PLANNED_SHARE = 0.75;
/** Share of what is planned for the measurements before and after, where they do not all fit. */
const MEASURING_SHARE = 0.2;
/** Likewise for those between. */
const WITHIN_SHARE = 0.15;
/** Images for each round, where neither all images nor all rounds fit: those of the quick preset. */
const IMAGES_PER_ROUND = 1000 / 6;
/** Fewer say nothing, of a run and of a measurement. */
export const LEAST_IMAGES = 50;
export const LEAST_TESTS = 100;

/** What of a run fits into a time: each at most as much as was asked for. */
export interface Fit {
  readonly rounds: number;
  readonly images: number;
  /** Images of a measurement. */
  readonly tests: number;
  readonly evalEvery: number;
}

/** What a run comes to with other numbers. */
export type Resize = (fit: Fit) => RunSize;

/**
 * The numbers of a run that fit into `seconds`; null where the smallest run does not.
 * @param asked As much as is taken at most, and how many images at least
 */
export function fitInto(
  seconds: number,
  asked: Fit & {readonly leastImages: number},
  resize: Resize,
  pace: ImagePace,
): Fit | null {
  const planned = PLANNED_SHARE * seconds;
  const fits = (fit: Fit): boolean => secondsOfRun(resize(fit), pace) <= planned;
  const {leastImages, ...all} = asked;
  if (fits(all)) return all;
  const tests = Math.min(asked.tests, testsWithin(MEASURING_SHARE * planned, asked, pace));
  const sized = sizedRounds(
    planned - 2 * tests * pace.forward,
    {...all, tests},
    leastImages,
    resize,
    pace,
  );
  const fit = {...sized, evalEvery: cadence(WITHIN_SHARE * planned, sized, asked.evalEvery, pace)};
  return fits(fit) ? fit : null;
}

function testsWithin(seconds: number, {tests}: Fit, pace: ImagePace): number {
  return Math.max(Math.min(tests, LEAST_TESTS), Math.floor(seconds / (2 * pace.forward)));
}

/** Rounds and images: all images where at least as many rounds fit as suit them, else fewer of both. */
function sizedRounds(
  seconds: number,
  asked: Fit,
  leastImages: number,
  resize: Resize,
  pace: ImagePace,
): Fit {
  const {once, round, fixed} = resize(asked).work;
  const left = Math.max(0, (1 - WITHIN_SHARE) * seconds - secondsOf(fixed, pace));
  const perRound = secondsOf(round, pace);
  const before = secondsOf(once, pace);
  // images (before + rounds perRound) = left, with images = rounds IMAGES_PER_ROUND.
  const half = (before * IMAGES_PER_ROUND) / 2;
  const scale = perRound * IMAGES_PER_ROUND;
  const suited = scale === 0 ? 1 : (Math.sqrt(half ** 2 + scale * left) - half) / scale;
  const wanted = Math.floor(suited * IMAGES_PER_ROUND);
  const images = Math.min(asked.images, Math.max(leastImages, wanted));
  const possible = perRound === 0 ? 1 : Math.floor((left / images - before) / perRound);
  const rounds = Math.min(asked.rounds, Math.max(1, possible));
  // What whole rounds leave is for more images; of less than a round there are fewer.
  const whole = Math.floor(left / (before + rounds * perRound));
  return {...asked, rounds, images: Math.min(asked.images, Math.max(leastImages, whole))};
}

/** Rounds between measurements; the last round is measured in any case. */
function cadence(seconds: number, {rounds, tests}: Fit, asked: number, pace: ImagePace): number {
  if (asked === 0) return 0;
  const most = Math.max(1, Math.floor(seconds / (tests * pace.forward)));
  return Math.max(asked, Math.ceil(rounds / most));
}
