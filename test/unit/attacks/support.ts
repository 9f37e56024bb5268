import {open} from 'node:fs/promises';
import type {AttackContext} from '../../../lib/attacks/attack_context.js';
import type {ImageSize} from '../../../lib/datasets/decode.js';
import type {ImageSet} from '../../../lib/datasets/image_set.js';
import type {Progress} from '../../../lib/run/progress.js';

/** The generator of scripts/fixtures/make_trigger_fixtures.py. */
export function randomWords(seed: number, count: number): Uint32Array {
  let state = seed;
  return Uint32Array.from({length: count}, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  });
}

export function randomBytes(seed: number, count: number): Uint8Array {
  return Uint8Array.from(randomWords(seed, count), (word) => word >>> 24);
}

/** Random images; image i has label i modulo 10 and original index i. */
export function randomSet(count: number, {height, width}: ImageSize): ImageSet {
  const originalIndices = Int32Array.from({length: count}, (_, i) => i);
  const labels = originalIndices.map((i) => i % 10);
  return {
    images: randomBytes(1, count * 3 * height * width),
    ...{labels, trueLabels: labels, originalIndices, count, height, width},
  };
}

/** A context for triggers that need no model, and the notes that they send. */
export function contextOf(size: ImageSize, count = 20): AttackContext & {notes: string[]} {
  const set = randomSet(count, size);
  const notes: string[] = [];
  const onProgress = (progress: Progress): void => {
    if (progress.kind === 'note') notes.push(progress.message);
  };
  const noModel = () => Promise.reject(new Error('this trigger should need no model'));
  return {
    ...{size, targetLabel: 0, seed: 0, train: set, test: set, run: {onProgress}, notes},
    ...{openSession: noModel, cleanModel: noModel, poisoned: set.originalIndices},
  };
}

const DESCRIPTIONS = {uint8: '|u1', float32: '<f4', float64: '<f8'} as const;

/** Writes a NumPy array file. */
export async function putNpy(
  path: string,
  shape: readonly number[],
  data: Uint8Array | Float32Array | Float64Array,
): Promise<string> {
  const dtype =
    data instanceof Uint8Array ? 'uint8' : data instanceof Float32Array ? 'float32' : 'float64';
  const sides = `(${shape.join(', ')},)`;
  const text = `{'descr': '${DESCRIPTIONS[dtype]}', 'fortran_order': False, 'shape': ${sides}, }`;
  const header = `${text.padEnd(117)}\n`;
  const prefix = Buffer.from('\x93NUMPY\x01\x00\x00\x00', 'latin1');
  prefix.writeUInt16LE(header.length, 8);
  const handle = await open(path, 'w');
  try {
    await handle.write(Buffer.concat([prefix, Buffer.from(header)]));
    await handle.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } finally {
    await handle.close();
  }
  return path;
}
