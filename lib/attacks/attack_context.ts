import type {StateDict} from '../checkpoint/tensor.js';
import type {ImageSize} from '../datasets/decode.js';
import type {ImageSet} from '../datasets/image_set.js';
import type {RunOptions} from '../run/progress.js';
import type {Session} from '../session/session.js';
import type {Trigger} from './trigger.js';

/** What an attack may need to make its trigger, besides its options. */
export interface AttackContext {
  readonly size: ImageSize;
  readonly targetLabel: number;
  readonly seed: number;
  /** The clean data set; positions are original indices. */
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Positions of the training images that will be poisoned. */
  readonly poisoned: Int32Array;
  readonly run: RunOptions;
  /** Opens a session with the victim's architecture, normalization and device. The caller disposes of it. */
  openSession(numClasses: number): Promise<Session>;
  /**
   * Weights of a model without a backdoor: from a checkpoint, or without a path from a model that is trained now.
   */
  cleanModel(path: string | null): Promise<StateDict>;
}

/** The trigger of an attack; some are weaker or stronger at test time. */
export interface Triggers {
  readonly train: Trigger;
  readonly test: Trigger;
  /** What the trigger looks like, for the record: uint8 [3,H,W] planes. */
  readonly picture?: Uint8Array;
}
