import type {NativeUnlearnOptions} from '../../lib/native/run_contract.js';
import type {Session} from '../../lib/session/session.js';
import {imageSetOf, loadedSession, tensorsOf, UNLEARN} from './support.js';

/** Would take hours: only for jobs that are stopped. */
export const ENDLESS: NativeUnlearnOptions = {...UNLEARN, rounds: 1_000_000};

/** A session with the images of the oracle's rounds. */
export async function roundsSession(): Promise<Session> {
  return loadedSession(imageSetOf(await tensorsOf('rounds.pt')));
}

/** Starts an endless job; `running` resolves with its first progress, `outcome` with how it ends. */
export function startEndless(session: Session, signal?: AbortSignal) {
  let outcome: Promise<unknown> = Promise.resolve();
  const running = new Promise<void>((resolve) => {
    const options = {onProgress: () => resolve(), ...(signal === undefined ? {} : {signal})};
    outcome = session.unlearn(ENDLESS, options).catch((error: unknown) => error);
  });
  return {running, outcome};
}
