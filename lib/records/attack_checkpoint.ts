import {join} from 'node:path';
import {SauError} from '../base/errors.js';
import {pathExists} from '../base/path_exists.js';
import {removeFiles} from '../base/whole_file.js';
import {FormatError} from '../checkpoint/checkpoint_error.js';
import {loadTensors, withCheckpointFile} from '../checkpoint/checkpoint_file.js';
import type {PickleValue} from '../checkpoint/pickle_writer.js';
import type {StateDict} from '../checkpoint/tensor.js';
import {writeTorchFile} from '../checkpoint/torch_zip_writer.js';
import type {ImageSet} from '../datasets/image_set.js';
import {named} from '../options/named.js';
import {optionsOfRun} from '../options/tables.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import type {RoundReport} from '../run/results.js';
import {RECORD} from './layout.js';
import {sha256OfFile} from './run.js';
import {
  type Identity,
  identityIn,
  jsonIn,
  listOf,
  optionsOf,
  pickledTensors,
  reportRule,
  requireSame,
  sha256OfImages,
  tensorsOf,
  textOf,
} from './saved_state.js';

/** A training that can be continued bit for bit. */
export interface AttackCheckpoint {
  /** The victim's weights and running statistics. */
  readonly stateDict: StateDict;
  /** The state of the generator, the optimizer and an attack on batches, as `Session.exportTraining` gives it. */
  readonly training: StateDict;
  /** Reports of the finished epochs, including those before the victim's first. */
  readonly epochs: readonly RoundReport[];
  readonly identity: Identity;
}

/** Keys that PyTorch programs read; `identity` and `epochs` are ours, as JSON. */
const KEYS = {
  epoch: 'epoch_num_when_save',
  stateDict: 'model_state_dict',
  training: 'training_state_dict',
  identity: 'identity',
  epochs: 'epochs',
} as const;

/**
 * Options that may differ when a training is continued: paths and the frequency of saving change no result, and the
 * device may change.
 */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...['data', 'out', 'recordRoot', 'force', 'resume', 'saveEvery', 'preview', 'poisonOnly'],
  ...['device', 'threads', 'dataMemory', 'program'],
]);

interface IdentifiedAttack {
  readonly config: object;
  readonly scale: object;
  readonly program: {readonly path: string} | null;
}

/** The identity that a checkpoint must have for this attack to continue from it. */
export async function identityOf(
  {config, scale, program}: IdentifiedAttack,
  {images, labels, count}: ImageSet,
  run: RunOptions = {},
): Promise<Identity> {
  const tell = imageCounter(run, 'checking');
  return {
    ...optionsOf({...config, ...scale}, ELSEWHERE),
    ...(program === null ? {} : {network: await sha256OfFile(program.path)}),
    ...(await sha256OfImages({images, labels}, (share) => tell(Math.floor(share * count), count))),
  };
}

/** Writes the checkpoint whole or not at all, in place of the one before. Throws ERR_OUTPUT. */
export async function writeAttackCheckpoint(
  record: string,
  {stateDict, training, epochs, identity}: AttackCheckpoint,
): Promise<void> {
  const value = new Map<string, PickleValue>([
    [KEYS.epoch, epochs.length - 1],
    [KEYS.stateDict, pickledTensors(stateDict)],
    [KEYS.training, pickledTensors(training)],
    [KEYS.identity, JSON.stringify(identity)],
    [KEYS.epochs, epochs.map((report) => JSON.stringify(report))],
  ]);
  await writeTorchFile(join(record, RECORD.checkpoint), value);
}

/**
 * Reads the checkpoint of an interrupted attack. Throws ERR_CHECKPOINT if there is none or it is damaged, and
 * ERR_CONFIG if it belongs to another attack.
 */
export async function readAttackCheckpoint(
  record: string,
  identity: Identity,
): Promise<AttackCheckpoint> {
  if (!(await hasAttackCheckpoint(record))) {
    throw new SauError(
      'ERR_CHECKPOINT',
      `Expected ${RECORD.checkpoint} of an interrupted attack in ${record} but there is none. Leave out ${named('resume')} to start anew`,
      {details: {record}},
    );
  }
  const checkpoint = await withCheckpointFile(
    join(record, RECORD.checkpoint),
    async ({storages, value}): Promise<AttackCheckpoint> => {
      const dict: ReadonlyMap<unknown, unknown> = value instanceof Map ? value : new Map();
      return {
        stateDict: await loadTensors(storages, tensorsOf(dict, KEYS.stateDict)),
        training: await loadTensors(storages, tensorsOf(dict, KEYS.training)),
        epochs: listOf(dict, KEYS.epochs).map((line) =>
          reportOf(typeof line === 'string' ? line : ''),
        ),
        identity: identityIn(textOf(dict, KEYS.identity)),
      };
    },
  );
  const what = `the attack that was interrupted in ${record}`;
  const options = optionsOfRun('attack', String(jsonIn(identity.kind ?? '')));
  const difference = {what, options, details: {record}};
  requireSame(difference, checkpoint.identity, identity);
  return checkpoint;
}

function reportOf(line: string): RoundReport {
  const report = jsonIn(line);
  if (!reportRule.safeParse(report).success) {
    throw new FormatError('its epochs are those of an older version');
  }
  return report as RoundReport;
}

export function hasAttackCheckpoint(record: string): Promise<boolean> {
  return pathExists(join(record, RECORD.checkpoint));
}

/** Removes the checkpoint, and partial files that a killed process has left. Throws ERR_OUTPUT. */
export async function removeAttackCheckpoint(record: string): Promise<void> {
  await removeFiles(record, [RECORD.checkpoint]);
}
