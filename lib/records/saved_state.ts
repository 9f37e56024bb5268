import {createHash} from 'node:crypto';
import {z} from 'zod';
import {Breather} from '../base/breather.js';
import {SauError} from '../base/errors.js';
import {mapOf} from '../base/first_fault.js';
import {FormatError} from '../checkpoint/checkpoint_error.js';
import {OrderedDict} from '../checkpoint/pickle_values.js';
import {PickledTensor, type PickleValue} from '../checkpoint/pickle_writer.js';
import type {StateDict} from '../checkpoint/tensor.js';
import {TensorRef} from '../checkpoint/torch_values.js';
import type {ImageSet} from '../datasets/image_set.js';
import {named} from '../options/named.js';
import type {OptionTable} from '../options/option.js';

// What the files have in common from which an interrupted call goes on.

/** What must be equal for two calls to be equal: options by name as JSON, and checksums of what they read. */
export type Identity = Readonly<Record<string, string>>;

/** Options as an identity has them, except for those that change no result. */
export function optionsOf(config: object, elsewhere: ReadonlySet<string>): Identity {
  const options = Object.entries(config).filter(([name]) => !elsewhere.has(name));
  return Object.fromEntries(options.map(([name, value]) => [name, JSON.stringify(value)]));
}

/** The SHA-256 of images and of their labels. */
export async function sha256OfImages(
  {images, labels}: Pick<ImageSet, 'images' | 'labels'>,
  onShare: (share: number) => void = () => undefined,
): Promise<{readonly images: string; readonly labels: string}> {
  return {
    images: await sha256(images, onShare),
    labels: await sha256(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength)),
  };
}

/** What is told of two calls that differ. */
interface Difference {
  /** The one that was interrupted, such as "the attack that was interrupted in record/badnet". */
  readonly what: string;
  /** The options of the call: the user spells these, and not the other names of an identity. */
  readonly options: OptionTable;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Throws ERR_CONFIG where two calls differ. */
export function requireSame(
  {what, options, details}: Difference,
  saved: Identity,
  asked: Identity,
): void {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(asked)])];
  const different = names.filter((name) => saved[name] !== asked[name]);
  if (different.length === 0) return;
  const shown = (identity: Identity): string =>
    different
      .map((name) => `${name in options ? named(name) : name} ${identity[name] ?? 'nothing'}`)
      .join(', ');
  throw new SauError(
    'ERR_CONFIG',
    `Expected ${what}, of ${shown(saved)}, but received ${shown(asked)}. ` +
      `Give the same options and data with ${named('resume')}, or ${named('force')} instead to start anew`,
    {details: {...details, different}},
  );
}

const identityRule = mapOf(z.string());
export const reportRule = z.looseObject({figures: z.record(z.string(), z.unknown())});

export function identityIn(text: string): Identity {
  const parsed = identityRule.safeParse(jsonIn(text));
  if (!parsed.success) throw new FormatError('its identity is no map of text to text');
  return parsed.data;
}

/** undefined for a text that is not JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function pickledTensors(state: StateDict): PickleValue {
  const dict = new OrderedDict() as OrderedDict & Map<string, PickleValue>;
  for (const [name, tensor] of state) dict.set(name, new PickledTensor(tensor));
  return dict;
}

/** The tensors of a part. Throws FormatError where there are none. */
export function tensorsOf(
  dict: ReadonlyMap<unknown, unknown>,
  key: string,
): Map<string, TensorRef> {
  const value = dict.get(key);
  const tensors = new Map<string, TensorRef>();
  for (const [name, tensor] of value instanceof Map ? value : []) {
    if (typeof name === 'string' && tensor instanceof TensorRef) tensors.set(name, tensor);
  }
  if (tensors.size === 0) throw new FormatError(`it has no ${key}`);
  return tensors;
}

export function textOf(dict: ReadonlyMap<unknown, unknown>, key: string): string {
  const value = dict.get(key);
  if (typeof value !== 'string') throw new FormatError(`it has no ${key}`);
  return value;
}

export function listOf(dict: ReadonlyMap<unknown, unknown>, key: string): readonly unknown[] {
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
