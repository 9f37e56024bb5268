import {SauError} from '../base/errors.js';
import type {TensorData} from '../checkpoint/tensor.js';

/** Shapes by key: a state dict, or one whose bytes are not read. */
type Shapes = ReadonlyMap<string, Pick<TensorData, 'shape'>>;

const SUFFIX = '_polarized';

/** The name of a network with a polarizer (models E7). Throws ERR_CONFIG for one that has it. */
export function polarizedName(model: string): string {
  if (!model.endsWith(SUFFIX)) return `${model}${SUFFIX}`;
  throw new SauError(
    'ERR_CONFIG',
    `Expected a network without a polarizer but received ${model}, which has it already.`,
    {remedy: 'Use the model as it was before, or another method.', details: {model}},
  );
}

/**
 * Where weights have a polarizer, such as `layer4.1.conv1`: a convolution of one pixel `.0`, a norm `.1` and the
 * convolution `.2` that it stands before. null where they have none.
 */
export function polarizerPlace(state: Shapes): string | null {
  for (const key of state.keys()) {
    const place = /^(.*)\.1\.running_mean$/.exec(key)?.[1];
    if (place === undefined) continue;
    const [out, into, height, width] = state.get(`${place}.0.weight`)?.shape ?? [];
    const isMix = out === into && height === 1 && width === 1;
    if (isMix && state.get(`${place}.2.weight`)?.shape.length === 4) return place;
  }
  return null;
}

/** The key that a weight has where the network has no polarizer in that place; of the polarizer's own null. */
export function keyWithoutPolarizer(key: string, place: string): string | null {
  const [, part, rest] = key.startsWith(`${place}.`)
    ? (/^(\d)(\..*)$/.exec(key.slice(place.length + 1)) ?? [])
    : [];
  if (part === '0' || part === '1') return null;
  return part === '2' && rest !== undefined ? `${place}${rest}` : key;
}
