import type {Session} from '../../lib/session/session.js';
import {imageSetOf, loadedSession, sau, tensorsOf, UNLEARN, type Unlearning} from './support.js';

/** Would take hours: only for jobs that are stopped. */
export const ENDLESS: Unlearning = {...UNLEARN, rounds: 1_000_000};

/** A session with the images of the oracle's rounds. */
export async function roundsSession(): Promise<Session> {
  return loadedSession(imageSetOf(await tensorsOf('rounds.pt')));
}

/** Starts an endless job; `running` resolves with its first progress, `outcome` with how it ends. */
export function startEndless(session: Session, signal?: AbortSignal) {
  let outcome: Promise<unknown> = Promise.resolve();
  const running = new Promise<void>((resolve) => {
    const options = {onProgress: () => resolve(), ...(signal === undefined ? {} : {signal})};
    outcome = session.defend(sau(ENDLESS), options).catch((error: unknown) => error);
  });
  return {running, outcome};
}
