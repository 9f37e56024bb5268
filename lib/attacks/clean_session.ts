import {SauError} from '../base/errors.js';
import {inferNumClasses} from '../checkpoint/state_dict.js';
import type {Session} from '../session/session.js';
import type {AttackContext} from './attack_context.js';

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
