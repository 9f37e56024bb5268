import {type ImagePace, measurementsOf, type PlannedWork, secondsOf} from './planned_work.js';

/** A part of what a run is going to take. */
export interface EstimatePart {
  /** before: measuring the model as it is; method: learning; within: measuring after rounds; after: at the end. */
  readonly part: 'before' | 'method' | 'within' | 'after';
  /** Of the whole part. */
  readonly seconds: number;
  /** What it is, in words, such as "19000 images". */
  readonly what: string;
}

/** Options by name, with their values. */
export type ShorterOptions = Readonly<Record<string, string | number>>;

/** Other options with which a run would take less time. */
export interface Shorter {
  /** Their values by name. */
  readonly options: ShorterOptions;
  /** What the whole run would take with them; null where that is not known. */
  readonly seconds: number | null;
}

/** How long a run is going to take, from the pace of some images. */
export interface Estimate {
  /** Of all parts. */
  readonly seconds: number;
  /** In the order in which they come; of parts that take no time none. */
  readonly parts: readonly EstimatePart[];
  /** What would be shorter, the shortest last; empty where the run is short anyway. */
  readonly shorter: readonly Shorter[];
  /** Whether it may be far less, as a search may end early. */
  readonly isAtMost: boolean;
}

/** What a run is made of. */
export interface RunSize {
  readonly rounds: number;
  /** What the rounds are called: "rounds" or "epochs". */
  readonly unit: string;
  /** Images of a round. */
  readonly images: number;
  /** Images of a measurement. */
  readonly tests: number;
  readonly evalEvery: number;
  /** Measures the model before the rounds. */
  readonly measuresBefore: boolean;
  readonly work: PlannedWork;
}

/** The parts of a run and what they take. */
export function partsOf(size: RunSize, pace: ImagePace): readonly EstimatePart[] {
  const {rounds, unit, images, tests, evalEvery, work} = size;
  const one = tests * pace.forward;
  const within = measurementsOf(rounds, evalEvery, work.alsoMeasured);
  const method =
    images * (secondsOf(work.once, pace) + rounds * secondsOf(work.round, pace)) +
    secondsOf(work.fixed, pace);
  const counted = rounds === 1 ? `${images} images` : `${rounds} ${unit} of ${images} images`;
  const all: readonly EstimatePart[] = [
    {part: 'before', seconds: size.measuresBefore ? one : 0, what: `${tests} images`},
    {part: 'method', seconds: method, what: counted},
    {part: 'within', seconds: within * one, what: `${within} times ${tests} images`},
    {part: 'after', seconds: evalEvery === 0 ? one : 0, what: `${tests} images`},
  ];
  return all.filter(({seconds}) => seconds > 0);
}

/** The whole of {@link partsOf}. */
export function secondsOfRun(size: RunSize, pace: ImagePace): number {
  return partsOf(size, pace).reduce((sum, {seconds}) => sum + seconds, 0);
}

/** Below this nothing shorter is worth a word. */
const SHORT_SECONDS = 60;
/** What is listed as shorter takes at most this share of the run. */
const CLEARLY_LESS = 0.9;

/** A run with other options. */
export interface Alternative {
  readonly options: ShorterOptions;
  /** null: it takes less, and nobody knows how much. */
  readonly size: RunSize | null;
}

/** How long a run takes, and which of the alternatives would be clearly shorter. */
export function estimateOf(
  size: RunSize,
  pace: ImagePace,
  alternatives: readonly Alternative[],
): Estimate {
  const seconds = secondsOfRun(size, pace);
  const shorter = alternatives
    .map(({options, size: other}) => ({
      options,
      seconds: other === null ? null : secondsOfRun(other, pace),
    }))
    .filter((other) => (other.seconds ?? 0) < CLEARLY_LESS * seconds)
    .sort((a, b) => (b.seconds ?? seconds) - (a.seconds ?? seconds));
  return {
    seconds,
    parts: partsOf(size, pace),
    shorter: seconds < SHORT_SECONDS ? [] : shorter,
    isAtMost: size.work.isAtMost ?? false,
  };
}
