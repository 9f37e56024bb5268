import {SauError} from '../base/errors.js';
import {inferNumClasses} from '../checkpoint/state_dict.js';
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

/**
 * Opens a session that holds the clean model. The caller disposes of it.
 * @param path Checkpoint of the clean model; null trains one now
 * @throws SauError ERR_CHECKPOINT if the weights do not fit the victim's architecture
 */
export async function openCleanSession(
  {cleanModel, openSession}: AttackContext,
  path: string | null,
): Promise<Session> {
  const weights = await cleanModel(path);
  const numClasses = inferNumClasses([...weights.values()].map(({shape}) => shape));
  if (numClasses === null) {
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected the weights of a classifier for the clean model but ${path ?? 'they'} end in no linear layer. Give a checkpoint of the victim's architecture`,
      {details: {path}},
    );
  }
  const session = await openSession(numClasses);
  try {
    await session.loadStateDict(weights);
    return session;
  } catch (error) {
    session.dispose();
    throw error;
  }
}
