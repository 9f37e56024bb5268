import {join} from 'node:path';
import {CIFAR100_CLASS_NAMES} from '../../lib/datasets/class_names.js';
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

function byteList(values: readonly number[]): Buffer {
  return list(values.map((value) => Buffer.from([0x4b, value])));
}

function dict(entries: Readonly<Record<string, Buffer>>, style: PickleStyle): Buffer {
  const pairs = Object.entries(entries).flatMap(([key, value]) => [text(key, style), value]);
  return Buffer.concat([Buffer.from('\x80\x02}(', 'latin1'), ...pairs, Buffer.from('u.')]);
}

/** Labels from 0 to 255 and uint8 [N,3,32,32]. */
export interface BatchContent {
  labels: readonly number[];
  pixels: Uint8Array;
}

/** One pickled batch. */
export function cifarBatch({labels, pixels}: BatchContent, style: PickleStyle): Buffer {
  return dict(
    {
      batch_label: text('a batch', style),
      labels: byteList(labels),
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

/** The files of the authors' archive of CIFAR-10 by path, with so many images in each batch. */
export function cifar10Pickles(perBatch: number): Map<string, Buffer> {
  const folder = 'cifar-10-batches-py';
  const files = new Map([[`${folder}/batches.meta`, cifarMeta(perBatch, 'python2')]]);
  for (const [b, name] of [...BATCHES, 'test_batch'].entries()) {
    const images = Array.from({length: perBatch}, (_, i) => cifarImage(b * perBatch + i));
    const labels = images.map(({label}) => label);
    const pixels = Buffer.concat(images.map((image) => image.pixels));
    files.set(`${folder}/${name}`, cifarBatch({labels, pixels}, 'python2'));
  }
  files.set(`${folder}/readme.html`, Buffer.from('<html></html>'));
  return files;
}

/** The files of the authors' archive of CIFAR-100 by path, with an image of each class. */
export function cifar100Pickles(): Map<string, Buffer> {
  const labels = Array.from({length: 100}, (_, i) => i);
  const pixels = someBytes(100 * IMAGE_BYTES);
  const folder = 'cifar-100-python';
  return new Map([
    [`${folder}/meta`, cifar100Meta(CIFAR100_CLASS_NAMES, 'python2')],
    [`${folder}/train`, cifar100Batch({labels, pixels}, 'python2')],
    [`${folder}/test`, cifar100Batch({labels: labels.toReversed(), pixels}, 'python2')],
  ]);
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

/** Of a fine class; the real ones are not in this order. */
const coarse = (fine: number): number => fine % 20;

/** One of CIFAR-100's two pickles, with the keys that the authors' have. */
export function cifar100Batch({labels, pixels}: BatchContent, style: PickleStyle): Buffer {
  const names = labels.map((_, i) => text(`image_s_${i}.png`, style));
  return dict(
    {
      filenames: list(names),
      batch_label: text('training batch 1 of 1', style),
      fine_labels: byteList(labels),
      coarse_labels: byteList(labels.map(coarse)),
      data: uint8Array(pixels.length / IMAGE_BYTES, IMAGE_BYTES, pixels, style),
    },
    style,
  );
}

/** The pickle `meta` of CIFAR-100. */
export function cifar100Meta(names: readonly string[], style: PickleStyle): Buffer {
  const coarseNames = Array.from({length: 20}, (_, i) => text(`group ${i}`, style));
  return dict(
    {
      fine_label_names: list(names.map((name) => text(name, style))),
      coarse_label_names: list(coarseNames),
    },
    style,
  );
}

/** Images of the two splits, in their order. */
export interface Splits {
  readonly train: BatchContent;
  readonly test: BatchContent;
}

/** Writes `cifar-100-python`. */
export async function putCifar100Python(
  folder: string,
  {train, test}: Splits,
  style: PickleStyle = 'python2',
): Promise<string> {
  await put(join(folder, 'meta'), cifar100Meta(CIFAR100_CLASS_NAMES, style));
  await put(join(folder, 'train'), cifar100Batch(train, style));
  await put(join(folder, 'test'), cifar100Batch(test, style));
  await put(join(folder, 'file.txt~'), '');
  return folder;
}

/** Writes `cifar-100-binary`: the coarse label, the fine label, the image. */
export async function putCifar100Binary(folder: string, {train, test}: Splits): Promise<string> {
  const records = ({labels, pixels}: BatchContent): Buffer =>
    Buffer.concat(
      labels.flatMap((label, i) => [
        Buffer.from([coarse(label), label]),
        pixels.subarray(i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES),
      ]),
    );
  await put(join(folder, 'train.bin'), records(train));
  await put(join(folder, 'test.bin'), records(test));
  await put(join(folder, 'fine_label_names.txt'), `${CIFAR100_CLASS_NAMES.join('\n')}\n`);
  await put(join(folder, 'coarse_label_names.txt'), 'group 0\n');
  return folder;
}
