import type {ImageSet} from '../../lib/datasets/image_set.js';
import type {
  NativeDefendJob,
  NativeDefendRounds,
  NativePgdOptions,
  NativeSauOptions,
} from '../../lib/native/run_contract.js';
import {createSession, type SessionOptions} from '../../lib/session/open_session.js';
import type {Session} from '../../lib/session/session.js';
import {facts, imageSetOf, tensorsOf} from './oracle.js';

export function tinySession(options: Partial<SessionOptions> = {}): Promise<Session> {
  const {model, num_classes: numClasses, mean, std} = facts;
  return createSession({
    device: 'cpu',
    seed: 0,
    threads: 1,
    model,
    numClasses,
    mean,
    std,
    ...options,
  });
}

/** A tiny session with the oracle's two models, and optionally a set as the clean subset. */
export async function loadedSession(
  cleanSubset?: ImageSet,
  options: Partial<SessionOptions> = {},
): Promise<Session> {
  const session = await tinySession(options);
  await session.loadStateDict(await tensorsOf('tiny_trainee.pt'), 'trainee');
  await session.loadStateDict(await tensorsOf('tiny_reference.pt'), 'reference');
  if (cleanSubset !== undefined) await session.setImages('cleanSubset', cleanSubset);
  return session;
}

export const PGD: NativePgdOptions = {
  norm: 'L_inf',
  normBound: 0.2,
  stepSize: 0.2,
  steps: 2,
  init: 'max',
  beta1: 0.01,
  beta2: 1,
};

/** A defense by `sau`, its own options beside those that all have. */
export type Unlearning = NativeDefendRounds & NativeSauOptions;

export const UNLEARN: Unlearning = {
  rounds: 2,
  batchSize: 4,
  outerSteps: 1,
  evalEvery: 0,
  evalBatchSize: 8,
  pgd: PGD,
  loss: {lambda1: 1, lambda2: 0, lambda3: 1, trainMode: false},
  optimizer: {
    optimizer: 'adam',
    learningRate: 1e-3,
    weightDecay: 0,
    momentum: 0.9,
    nesterov: false,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
  },
  batchOrder: new Int32Array(0),
};

/** As a session takes it. */
export function sauOptions({
  rounds,
  evalEvery,
  evalBatchSize,
  patience = 0,
  seconds = 0,
  saveEvery = 0,
  ...options
}: Unlearning): NativeDefendJob {
  return {method: 'sau', rounds, evalEvery, evalBatchSize, patience, seconds, saveEvery, options};
}

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
    outcome = session.defend(sauOptions(ENDLESS), options).catch((error: unknown) => error);
  });
  return {running, outcome};
}
