import {mkdir, open, writeFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import sharp, {type Sharp} from 'sharp';

/** Writes bytes, making the folders above. */
export async function put(path: string, data: Uint8Array | string): Promise<string> {
  await mkdir(dirname(path), {recursive: true});
  await writeFile(path, data);
  return path;
}

export interface Picture {
  data: Uint8Array;
  height: number;
  width: number;
  channels?: 1 | 3 | 4;
}

/** Interleaved samples -> an image in sharp's hands. */
export function picture({data, height, width, channels = 3}: Picture): Sharp {
  return sharp(data, {raw: {height, width, channels}});
}

/** An RGB image of one color. */
export function plain(color: readonly number[], height = 4, width = 4): Picture {
  const data = Uint8Array.from({length: height * width * 3}, (_, i) => color[i % 3] ?? 0);
  return {data, height, width};
}

/** Writes a plain PNG. */
export async function putPng(path: string, color: readonly number[]): Promise<string> {
  return put(path, await picture(plain(color)).png().toBuffer());
}

/** Deterministic bytes that look like an image. */
export function someBytes(length: number, start = 0): Uint8Array {
  return Uint8Array.from({length}, (_, i) => ((i + start) * 73 + (((i + start) * i) % 91)) % 256);
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
