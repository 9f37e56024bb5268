/** Passes through a network, each so many times for an image. Left out: none. */
export interface ImagePasses {
  /** Forward alone. */
  readonly forward?: number;
  /** Forward and backward by the pixels. */
  readonly attack?: number;
  /** Forward and backward by the weights. */
  readonly training?: number;
}

/**
 * The work of a defense as it is planned from its options. Where a search may end early it is the typical work, or
 * the most, which then is said.
 */
export interface PlannedWork {
  /** Of each clean image, beside the rounds. */
  readonly once?: ImagePasses;
  /** Of each clean image in a round. */
  readonly round?: ImagePasses;
  /** Of images whose number is not that of the clean images: all of them. */
  readonly fixed?: ImagePasses;
  /** Models besides those of the rounds that are measured as often as rounds are: rounds of parts, candidates. */
  readonly alsoMeasured?: number;
  /** Whether the work may be far less, as a search may end early. */
  readonly isAtMost?: boolean;
}

/** Seconds that a session takes for an image, by what is done with it. */
export interface ImagePace {
  /** Forward alone. */
  readonly forward: number;
  /** Forward and backward by the pixels. */
  readonly attack: number;
  /** Forward and backward by the weights. */
  readonly training: number;
}

/** Seconds of passes at a pace. */
export function secondsOf(passes: ImagePasses | undefined, pace: ImagePace): number {
  const {forward = 0, attack = 0, training = 0} = passes ?? {};
  return forward * pace.forward + attack * pace.attack + training * pace.training;
}

/** Models that are measured among `rounds` and others: every n-th of each, and the last round. */
export function measurementsOf(rounds: number, every: number, others = 0): number {
  return every === 0 ? 0 : Math.ceil(rounds / every) + Math.floor(others / every);
}
