/**
 * What has become of a backdoor. `gone`: the trigger leads to its class as rarely as in a model without a
 * backdoor. `weakened`: less than half as often as before, or it still keeps images from being recognized.
 * `active`: at least half as often as before. `never-worked`: as rarely as in a model without a backdoor already
 * before the defense. `unknown`: the measurements do not tell.
 */
export type VerdictState = 'gone' | 'weakened' | 'active' | 'never-worked' | 'unknown';

/** Why a verdict is `unknown`. */
export type UnknownBecause =
  /** There were no poisoned images. */
  | 'no-poisoned-images'
  /** The run was interrupted, and what it left was not measured. */
  | 'not-measured'
  /** The model before the defense recognizes hardly more than one that guesses, so that its ASR says nothing. */
  | 'untrained-model'
  /** The purified model recognizes hardly anything, so that a low ASR says nothing. */
  | 'broken-model'
  /** The statistical error of so few images covers both `gone` and `active`. */
  | 'few-images';

/** What has become of a backdoor, in one word, in sentences and in figures. Plain JSON. */
export interface PurificationVerdict {
  /** In one word. */
  readonly state: VerdictState;
  /** Why nothing can be said; null unless `state` is `unknown`. */
  readonly because: UnknownBecause | null;
  /** In plain sentences: what happened to the backdoor, and what it cost. */
  readonly words: string;
  /** What it rests on. */
  readonly figures: VerdictFigures;
}

/** What a verdict rests on: shares in [0,1], null where they were not measured. */
export interface VerdictFigures {
  /** ASR of the model before the defense. */
  readonly asrBefore: number | null;
  /** ASR of the purified model. */
  readonly asrAfter: number | null;
  /** Where ASR of the purified model lies with 95 % confidence, by the number of poisoned images (Wilson). */
  readonly asrAfterRange: readonly [number, number] | null;
  /** Up to this ASR the purified model counts as one without a backdoor. */
  readonly asrOfClean: number;
  /** RA of the purified model. */
  readonly raAfter: number | null;
  /** ACC of the model before the defense. */
  readonly accBefore: number | null;
  /** ACC of the purified model. */
  readonly accAfter: number | null;
  /** ACC before minus after; negative where it rose. */
  readonly accDrop: number | null;
  /** Poisoned test images. */
  readonly poisonedCount: number;
  /** Classes that the poisoned images should be predicted as: more than one if the attack leads each class to another one. */
  readonly targets: number;
}
