import {SauError} from '../base/errors.js';
import {withCheckpointFile} from '../checkpoint/checkpoint_file.js';
import type {TensorData} from '../checkpoint/tensor.js';
import {commonKey} from '../models/keys.js';
import {loadCore} from '../native/binding.js';
import type {Program} from '../programs/program.js';
import {readCheckpoint} from '../records/read_checkpoint.js';
import {findRecordFile} from '../records/record_paths.js';
import type {RunOptions} from '../run/progress.js';
import type {Session} from '../session/session.js';
import type {OpenedAttack} from './opened_attack.js';

/**
 * Opens the file of the weights and reads no tensor: a trigger may take hours before the victim starts. Throws
 * ERR_CHECKPOINT and ERR_UNSAFE_PICKLE.
 */
export async function requirePretrained(pretrained: string): Promise<void> {
  await withCheckpointFile(await findRecordFile(pretrained), async () => undefined);
}

/** Fresh weights, or a program's own: it does not say how fresh ones are drawn. */
export async function initializeVictim(session: Session, program: Program | null): Promise<void> {
  if (program === null) await session.initialize();
  else await session.loadStateDict(program.stateDict);
}

/**
 * Puts the weights of `pretrained` into an initialized session, and says what a victim of a program starts from.
 * Throws ERR_CHECKPOINT where they do not fit.
 */
export async function startVictim(
  session: Session,
  {config: {pretrained}, model, program}: Pick<OpenedAttack, 'config' | 'model' | 'program'>,
  run: RunOptions,
): Promise<void> {
  if (program === null) {
    if (pretrained !== null) await startFrom(session, {model, pretrained}, run);
    return;
  }
  if (pretrained !== null) {
    await session.loadStateDict((await readCheckpoint(pretrained)).stateDict);
  }
  const source =
    pretrained ?? `the program ${program.path}, which does not say how fresh ones are drawn`;
  run.onProgress?.({kind: 'note', message: `the victim starts from the weights of ${source}`});
}

/**
 * Puts the weights of a file into a session's fresh model. A head for other classes stays fresh, as in the official
 * tool (models E2). Throws ERR_CHECKPOINT where any other weight does not fit.
 */
async function startFrom(
  session: Session,
  {model, pretrained}: {readonly model: string; readonly pretrained: string},
  run: RunOptions,
): Promise<void> {
  const {stateDict} = await readCheckpoint(pretrained);
  const stored = new Map([...stateDict].map(([key, tensor]) => [commonKey(key), tensor]));
  const fresh = await session.exportStateDict();
  const start: Map<string, TensorData> = new Map();
  const unfit: string[] = [];
  for (const [key, tensor] of fresh) {
    const found = stored.get(commonKey(key));
    const fits = String(found?.shape) === String(tensor.shape);
    if (!fits) unfit.push(key);
    start.set(key, found !== undefined && fits ? found : tensor);
  }
  const {head} = (await loadCore()).core.describeModel(model, 1);
  const strange = unfit.filter((key) => key !== head.weight && key !== head.bias);
  if (strange.length > 0) throw mismatch(model, pretrained, strange);
  await session.loadStateDict(start);
  const left = unfit.length === 0 ? '' : `; ${unfit.join(' and ')} are fresh`;
  const message = `${fresh.size - unfit.length} of ${fresh.size} weights start as in ${pretrained}${left}`;
  run.onProgress?.({kind: 'note', message});
}

function mismatch(model: string, path: string, unfit: readonly string[]): SauError {
  return new SauError(
    'ERR_CHECKPOINT',
    `Expected the weights of a ${model} in ${path} but ${unfit.length} are missing there or have another shape ` +
      `(first: ${unfit.slice(0, 3).join(', ')}).`,
    {remedy: 'Give a checkpoint of the same architecture.', details: {path, model, unfit}},
  );
}
