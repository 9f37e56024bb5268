import type {ImageSet} from '../datasets/image_set.js';
import type {NativeTrainOptions, NativeUnlearnOptions} from '../native/run_contract.js';
import type {RunOptions} from '../progress.js';
import type {RoundReport} from '../results.js';
import type {Session} from '../session/session.js';
import type {DefenseName} from './defenses.js';

/** A defense as the native core is told of it. */
export interface DefenseJob {
  readonly method: DefenseName;
  readonly rounds: number;
  readonly evalEvery: number;
  readonly evalBatchSize: number;
  /** What the method's entry makes of its options. */
  readonly options: object;
}

/**
 * The rounds of a defense on the session's trainee, over the role `cleanSubset`. Throws ERR_DIVERGED. The one
 * place that knows by which job of the native core a method runs.
 */
export async function runDefense(
  session: Session,
  {method, options, ...job}: DefenseJob,
  cleanSubset: ImageSet,
  run: RunOptions,
): Promise<readonly RoundReport[]> {
  if (method === 'sau') {
    return session.unlearn({...job, ...options} as unknown as NativeUnlearnOptions, run);
  }
  const {rounds, ...measuring} = job;
  await session.setImages('train', cleanSubset);
  const training = {epochs: rounds, dropLast: false, poisonedPositions: new Int32Array(0)};
  return session.train(
    {...measuring, ...training, ...options} as unknown as NativeTrainOptions,
    run,
  );
}
