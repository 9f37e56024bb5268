/** How long the measurements of a session take; kept from job to job. */
export interface MeasuringPace {
  /** For one image; null until some were measured. */
  secondsPerImage: number | null;
}

/** What a job of rounds measures in them. */
export interface RoundMeasuring {
  /** Measures after every n-th round and the last; 0 never. */
  readonly every: number;
  /** Images of a measurement. */
  readonly images: number;
  /** Images of a round. */
  readonly roundImages: number;
}

/** Of a job that measures nothing. */
export const NO_MEASURING: RoundMeasuring = {every: 0, images: 0, roundImages: 1};

/** Where a job of rounds is. */
export interface RoundPosition {
  /** 0-based. */
  readonly round: number;
  readonly rounds: number;
  /** Batches of the round that are done. */
  readonly batch: number;
  readonly batches: number;
}

/** A step of training goes forward once and backward, which is twice the work; a measurement forward alone. */
const SHARE_OF_TRAINING = 1 / 3;

/**
 * Estimates the time left of a job of rounds from the pace of its batches and of its measurements. Until
 * images were measured, one is taken to cost a third of what one costs in a round.
 */
export class RoundPace {
  readonly #measuring: RoundMeasuring;
  readonly #pace: MeasuringPace;
  readonly #now: () => number;
  #last: number;
  #position: RoundPosition | null = null;
  #batches = 0;
  #batchSeconds = 0;
  /** Of the present round: time, images of the sets that are done, and of the one that is being measured. */
  #measuringSeconds = 0;
  #imagesBefore = 0;
  #images = 0;

  /** @param now Milliseconds of a clock that only goes on */
  constructor(measuring: RoundMeasuring, pace: MeasuringPace, now = () => performance.now()) {
    this.#measuring = measuring;
    this.#pace = pace;
    this.#now = now;
    this.#last = now();
  }

  /** A batch has ended. */
  batch({round, rounds, batch, batches}: RoundPosition): void {
    this.#position = {round, rounds, batch, batches};
    this.#batches += 1;
    this.#batchSeconds += this.#passed();
  }

  /** Images were measured, `done` so far; fewer than before are those of another measurement of the round. */
  measured(done: number): void {
    if (done < this.#images) this.#imagesBefore += this.#images;
    this.#images = done;
    this.#measuringSeconds += this.#passed();
    const images = this.#imagesBefore + done;
    if (images > 0) this.#pace.secondsPerImage = this.#measuringSeconds / images;
  }

  /** A round has ended. */
  round(): void {
    this.#passed();
    this.#measuringSeconds = 0;
    this.#imagesBefore = 0;
    this.#images = 0;
    if (this.#position === null) return;
    this.#position = {...this.#position, round: this.#position.round + 1, batch: 0};
  }

  /** What the batches and the measurements that are left will take; null before the first batch. */
  get secondsLeft(): number | null {
    if (this.#position === null) return null;
    const {round, rounds, batch, batches} = this.#position;
    const perBatch = this.#batchSeconds / this.#batches;
    const {images, roundImages} = this.#measuring;
    const perImage =
      this.#pace.secondsPerImage ?? (SHARE_OF_TRAINING * perBatch * batches) / roundImages;
    const batchesLeft = (rounds - round) * batches - batch;
    const imagesLeft = this.#measurementsFrom(round, rounds) * images;
    const measured = this.#imagesBefore + this.#images;
    return perBatch * batchesLeft + perImage * Math.max(0, imagesLeft - measured);
  }

  /** Rounds from `round` on that are measured. */
  #measurementsFrom(round: number, rounds: number): number {
    const {every} = this.#measuring;
    if (every === 0 || round >= rounds) return 0;
    return Math.ceil(rounds / every) - Math.floor(round / every);
  }

  /** Seconds since the last call. */
  #passed(): number {
    const now = this.#now();
    const seconds = (now - this.#last) / 1000;
    this.#last = now;
    return seconds;
  }
}
