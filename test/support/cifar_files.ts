import {join} from 'node:path';
import {put, someBytes} from './data_files.js';

const BATCHES = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`);
const IMAGE_BYTES = 3072;

/** Label and pixels of test image or training image i of the little data sets below. */
export function cifarImage(i: number): {label: number; pixels: Uint8Array} {
  return {label: i % 10, pixels: someBytes(IMAGE_BYTES, i)};
}

/** Writes `cifar-10-batches-bin` with two images per batch. Test images count on from 100. */
export async function putCifarBinary(folder: string): Promise<string> {
  for (const [b, name] of [...BATCHES, 'test_batch'].entries()) {
    const first = name === 'test_batch' ? 100 : 2 * b;
    const records = [first, first + 1].map((i) => {
      const {label, pixels} = cifarImage(i);
      return Buffer.from([label, ...pixels]);
    });
    await put(join(folder, `${name}.bin`), Buffer.concat(records));
  }
  return folder;
}

/** How the pickles are written: as by Python 2 (the official download) or by Python 3. */
export type PickleStyle = 'python2' | 'python3';

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** BINSTRING of Python 2, BINUNICODE of Python 3. */
function text(value: string, style: PickleStyle): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from(style === 'python2' ? 'T' : 'X'), uint32(bytes.length), bytes]);
}

/** A bytes object: plain in Python 2, latin1 text through _codecs.encode in Python 3. */
function rawBytes(value: Uint8Array, style: PickleStyle): Buffer {
  if (style === 'python2') {
    return Buffer.concat([Buffer.from('T'), uint32(value.length), value]);
  }
  const latin1 = Buffer.from(value).toString('latin1');
  return Buffer.concat([
    Buffer.from('c_codecs\nencode\n'),
    text(latin1, style),
    text('latin1', style),
    Buffer.from('\x86R', 'latin1'),
  ]);
}

function uint8Array(rows: number, columns: number, data: Uint8Array, style: PickleStyle): Buffer {
  const core = style === 'python2' ? 'numpy.core' : 'numpy._core';
  const integer = (value: number): Buffer => Buffer.concat([Buffer.from('J'), uint32(value)]);
  return Buffer.concat([
    Buffer.from(`c${core}.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0t`, 'latin1'),
    rawBytes(Buffer.from('b'), style),
    Buffer.from('tR(K\x01(', 'latin1'),
    integer(rows),
    integer(columns),
    Buffer.from('tcnumpy\ndtype\n(', 'latin1'),
    text('u1', style),
    Buffer.from('K\0K\x01tR(K\x03', 'latin1'),
    text('|', style),
    Buffer.from('NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbI00\n', 'latin1'),
    rawBytes(data, style),
    Buffer.from('tb'),
  ]);
}

function list(items: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('](', 'latin1'), ...items, Buffer.from('e')]);
}

function dict(entries: Readonly<Record<string, Buffer>>, style: PickleStyle): Buffer {
  const pairs = Object.entries(entries).flatMap(([key, value]) => [text(key, style), value]);
  return Buffer.concat([Buffer.from('\x80\x02}(', 'latin1'), ...pairs, Buffer.from('u.')]);
}

export interface BatchContent {
  labels: readonly number[];
  pixels: Uint8Array;
}

/** One pickled batch. */
export function cifarBatch({labels, pixels}: BatchContent, style: PickleStyle): Buffer {
  return dict(
    {
      batch_label: text('a batch', style),
      labels: list(labels.map((label) => Buffer.from([0x4b, label]))),
      data: uint8Array(pixels.length / IMAGE_BYTES, IMAGE_BYTES, pixels, style),
    },
    style,
  );
}

/** batches.meta, with class names c0..c9. */
export function cifarMeta(perBatch: number, style: PickleStyle): Buffer {
  const names = Array.from({length: 10}, (_, i) => text(`c${i}`, style));
  return dict(
    {label_names: list(names), num_cases_per_batch: Buffer.from([0x4b, perBatch])},
    style,
  );
}

/** Writes `cifar-10-batches-py` with two images per batch, the same as putCifarBinary. */
export async function putCifarPython(folder: string, style: PickleStyle): Promise<string> {
  await put(join(folder, 'batches.meta'), cifarMeta(2, style));
  for (const [b, name] of [...BATCHES, 'test_batch'].entries()) {
    const first = name === 'test_batch' ? 100 : 2 * b;
    const pair = [cifarImage(first), cifarImage(first + 1)];
    const labels = pair.map(({label}) => label);
    const pixels = Buffer.concat(pair.map((image) => image.pixels));
    await put(join(folder, name), cifarBatch({labels, pixels}, style));
  }
  return folder;
}
