import {createHash} from 'node:crypto';
import {join} from 'node:path';
import {z} from 'zod';
import {Breather} from '../base/breather.js';
import {SauError} from '../base/errors.js';
import {pathExists} from '../base/path_exists.js';
import {removeFiles} from '../base/whole_file.js';
import {FormatError} from '../checkpoint/checkpoint_error.js';
import {loadTensors, withCheckpointFile} from '../checkpoint/checkpoint_file.js';
import {OrderedDict} from '../checkpoint/pickle_values.js';
import {PickledTensor, type PickleValue} from '../checkpoint/pickle_writer.js';
import type {StateDict} from '../checkpoint/tensor.js';
import {TensorRef} from '../checkpoint/torch_values.js';
import {writeTorchFile} from '../checkpoint/torch_zip_writer.js';
import type {ImageSet} from '../datasets/image_set.js';
import {named} from '../options/named.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import type {RoundReport} from '../run/results.js';
import {RECORD} from './layout.js';
import {sha256OfFile} from './run.js';

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

/**
 * What must be equal for two trainings to be equal: options by name as JSON, and the SHA-256 of the training
 * images.
 */
type Identity = Readonly<Record<string, string>>;

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
  const options = Object.entries({...config, ...scale}).filter(([name]) => !ELSEWHERE.has(name));
  return {
    ...Object.fromEntries(options.map(([name, value]) => [name, JSON.stringify(value)])),
    ...(program === null ? {} : {network: await sha256OfFile(program.path)}),
    images: await sha256(images, (share) => tell(Math.floor(share * count), count)),
    labels: await sha256(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength)),
  };
}

/** Writes the checkpoint whole or not at all, in place of the one before. Throws ERR_OUTPUT. */
export async function writeAttackCheckpoint(
  record: string,
  {stateDict, training, epochs, identity}: AttackCheckpoint,
): Promise<void> {
  const value = new Map<string, PickleValue>([
    [KEYS.epoch, epochs.length - 1],
    [KEYS.stateDict, pickled(stateDict)],
    [KEYS.training, pickled(training)],
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
  requireSame(record, checkpoint.identity, identity);
  return checkpoint;
}

const identityRule = z.record(z.string(), z.string());
const reportRule = z.looseObject({figures: z.record(z.string(), z.unknown())});

function identityIn(text: string): Identity {
  const parsed = identityRule.safeParse(jsonIn(text));
  if (!parsed.success) throw new FormatError('its identity is no map of text to text');
  return parsed.data;
}

function reportOf(line: string): RoundReport {
  const report = jsonIn(line);
  if (!reportRule.safeParse(report).success) {
    throw new FormatError('its epochs are those of an older version');
  }
  return report as RoundReport;
}

/** undefined for a text that is not JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function hasAttackCheckpoint(record: string): Promise<boolean> {
  return pathExists(join(record, RECORD.checkpoint));
}

/** Removes the checkpoint, and partial files that a killed process has left. Throws ERR_OUTPUT. */
export async function removeAttackCheckpoint(record: string): Promise<void> {
  await removeFiles(record, [RECORD.checkpoint]);
}

function requireSame(record: string, saved: Identity, asked: Identity): void {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(asked)])];
  const different = names.filter((name) => saved[name] !== asked[name]);
  if (different.length === 0) return;
  const shown = (identity: Identity): string =>
    different.map((name) => `${name} ${identity[name] ?? 'nothing'}`).join(', ');
  throw new SauError(
    'ERR_CONFIG',
    `Expected the attack that was interrupted in ${record}, of ${shown(saved)}, but received ${shown(asked)}. ` +
      `Give the same options and data with ${named('resume')}, or ${named('force')} instead to start anew`,
    {details: {record, different}},
  );
}

function pickled(state: StateDict): PickleValue {
  const dict = new OrderedDict() as OrderedDict & Map<string, PickleValue>;
  for (const [name, tensor] of state) dict.set(name, new PickledTensor(tensor));
  return dict;
}

function tensorsOf(dict: ReadonlyMap<unknown, unknown>, key: string): Map<string, TensorRef> {
  const value = dict.get(key);
  const tensors = new Map<string, TensorRef>();
  for (const [name, tensor] of value instanceof Map ? value : []) {
    if (typeof name === 'string' && tensor instanceof TensorRef) tensors.set(name, tensor);
  }
  if (tensors.size === 0) throw new FormatError(`it has no ${key}`);
  return tensors;
}

function textOf(dict: ReadonlyMap<unknown, unknown>, key: string): string {
  const value = dict.get(key);
  if (typeof value !== 'string') throw new FormatError(`it has no ${key}`);
  return value;
}

function listOf(dict: ReadonlyMap<unknown, unknown>, key: string): readonly unknown[] {
  const value = dict.get(key);
  if (!Array.isArray(value)) throw new FormatError(`it has no ${key}`);
  return value;
}

async function sha256(
  bytes: Uint8Array,
  onShare: (share: number) => void = () => undefined,
): Promise<string> {
  const hash = createHash('sha256');
  const breather = new Breather();
  const piece = 1 << 20;
  for (let at = 0; at < bytes.length; at += piece) {
    hash.update(bytes.subarray(at, at + piece));
    onShare(Math.min(1, (at + piece) / bytes.length));
    if (breather.due) await breather.rest();
  }
  return hash.digest('hex');
}
