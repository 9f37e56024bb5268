import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {mutateBytes} from '../formats/bytes.mjs';
import {mutatePickle} from '../formats/pickle.mjs';
import {mutateTable} from '../formats/text.mjs';
import {ofVariants} from '../formats/variants.mjs';
import {inputIn} from '../guarded.mjs';
import {expectThat, outcomeOf} from '../oracle.mjs';
import {packageModule} from '../package.mjs';
import {fixturesLike} from '../seeds.mjs';

const {KNOWN} = packageModule('datasets/known');
const {openCifarBinary} = packageModule('datasets/cifar_binary');
const {openCifarPython} = packageModule('datasets/cifar_python');
const {openImageTables} = packageModule('datasets/image_tables');
const {openAnnotatedFolders} = packageModule('datasets/annotated_folders');
const {readNpy} = packageModule('datasets/npy');

const IMAGE_BYTES = 3072;
const SIZE = {height: 32, width: 32};

function layoutOf(name, reader) {
  return KNOWN[name].layouts.find((layout) => layout.reader === reader);
}

const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const text = (value) =>
  Buffer.concat([Buffer.from('X'), u32(Buffer.byteLength(value)), Buffer.from(value)]);
const list = (items) => Buffer.concat([Buffer.from(']('), ...items, Buffer.from('e')]);
const dict = (entries) => {
  const pairs = Object.entries(entries).flatMap(([key, value]) => [text(key), value]);
  return Buffer.concat([Buffer.from('\x80\x02}(', 'latin1'), ...pairs, Buffer.from('u.')]);
};

/** uint8 [rows,3072] as Python 2 pickles it. */
function pixelsOf(rows) {
  const data = Buffer.alloc(rows * IMAGE_BYTES, 7);
  return Buffer.concat([
    Buffer.from(
      'cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\x01btR(K\x01(J',
      'latin1',
    ),
    ...[u32(rows), Buffer.from('J'), u32(IMAGE_BYTES)],
    Buffer.from(
      'tcnumpy\ndtype\n(U\x02u1K\0K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbI00\nT',
      'latin1',
    ),
    ...[u32(data.length), data, Buffer.from('tb')],
  ]);
}

function batchOf(labels) {
  const numbers = list(labels.map((label) => Buffer.of(0x4b, label)));
  return dict({batch_label: text('a batch'), labels: numbers, data: pixelsOf(labels.length)});
}

function metaOf() {
  const names = Array.from({length: 10}, (_, i) => text(`c${i}`));
  return dict({label_names: list(names), num_cases_per_batch: Buffer.of(0x4b, 1)});
}

/** Labels and the images, of those that come first and last. */
async function useDataset({train, test, classNames}) {
  for (const split of [train, test]) {
    const labels = await split.labels();
    expectThat(labels.length === split.count, 'a label of each image');
    expectThat(
      labels.every((label) => label >= 0 && label < classNames.length),
      'labels of classes',
    );
    const {images, count} = await split.load(Int32Array.of(0, split.count - 1), SIZE);
    expectThat(count === 2 && images.length === 2 * IMAGE_BYTES, 'pixels of the images');
  }
}

/** A folder of a data set whose other files are whole. */
function folderOf(parent, name, files) {
  const folder = join(parent, name);
  if (existsSync(folder)) return folder;
  for (const [path, bytes] of files) {
    mkdirSync(join(folder, path, '..'), {recursive: true});
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

const python = layoutOf('cifar10', 'cifar-python');

/** A file of CIFAR-10's pickles beside whole ones. */
function pickled(name, seed) {
  return {
    seeds: async () => [seed()],
    mutate: mutatePickle,
    run: async (content, parent) => {
      const batches = [...python.train, ...python.test].map((each) => [each, batchOf([3])]);
      const folder = folderOf(parent, `python-${name}`, [[python.meta, metaOf()], ...batches]);
      writeFileSync(join(folder, name), content);
      return outcomeOf(async () =>
        useDataset(await openCifarPython(folder, python, KNOWN.cifar10)),
      );
    },
  };
}

const binary = layoutOf('cifar10', 'cifar-binary');
const record = Buffer.alloc(1 + IMAGE_BYTES, 4);

function inBinary(name, seed) {
  return {
    seeds: async () => [seed],
    mutate: mutateBytes,
    run: async (content, parent) => {
      const batches = [...binary.train, ...binary.test].map((each) => [each, record]);
      const folder = folderOf(parent, `binary-${name}`, batches);
      writeFileSync(join(folder, name), content);
      return outcomeOf(async () =>
        useDataset(await openCifarBinary(folder, binary, KNOWN.cifar10)),
      );
    },
  };
}

const tables = layoutOf('gtsrb', 'image-tables');
const HEADER = 'Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId';
const PPM = Buffer.concat([Buffer.from('P6 1 1 255\n'), Buffer.alloc(3)]);
const gtsrb = {...KNOWN.gtsrb, numClasses: 1};

/** A table of GTSRB, of the training class or of the test images. */
function signs(isTest) {
  const rows = [HEADER, ...['00000.ppm', '00001.ppm'].map((name) => `${name};29;30;5;6;24;25;0`)];
  const [{train, test}] = tables.places;
  const places = {train: join(train, '00000', 'GT-00000.csv'), test: join(test, tables.testTable)};
  const whole = Buffer.from(`${rows.join('\r\n')}\r\n`);
  const images = [join(train, '00000'), test].flatMap((folder) =>
    ['00000.ppm', '00001.ppm'].map((name) => [join(folder, name), PPM]),
  );
  return {
    seeds: async () => [whole],
    mutate: mutateTable(';'),
    run: async (content, parent) => {
      const files = [...images, ...Object.values(places).map((path) => [path, whole])];
      const folder = folderOf(parent, `signs-${isTest}`, files);
      writeFileSync(join(folder, isTest ? places.test : places.train), content);
      return outcomeOf(async () => useDataset(await openImageTables(folder, tables, gtsrb)));
    },
  };
}

const annotated = layoutOf('tiny', 'annotated-folders');
const IDS = ['n01443537', 'n01629819'];
const tiny = {...KNOWN.tiny, numClasses: IDS.length};

/** A list of Tiny ImageNet: of its classes, their names or its test images. */
function annotations(part) {
  const texts = {
    ids: `${IDS.join('\n')}\n`,
    words: IDS.map((id) => `${id}\tgoldfish, Carassius\n`).join(''),
    annotations: IDS.map((id, i) => `val_${i}.JPEG\t${id}\t0\t32\t44\t62\n`).join(''),
  };
  const place = (each) =>
    each === 'annotations' ? join(annotated.test, annotated.annotations) : annotated[each];
  const images = [
    ...IDS.map((id, i) => join(annotated.train, id, 'images', `${id}_${i}.JPEG`)),
    ...IDS.map((_, i) => join(annotated.test, 'images', `val_${i}.JPEG`)),
  ].map((path) => [path, PPM]);
  return {
    seeds: async () => [Buffer.from(texts[part])],
    mutate: mutateTable('\t'),
    run: async (content, parent) => {
      const files = [...images, ...Object.keys(texts).map((each) => [place(each), texts[each]])];
      const folder = folderOf(parent, `tiny-${part}`, files);
      writeFileSync(join(folder, place(part)), content);
      return outcomeOf(async () => useDataset(await openAnnotatedFolders(folder, annotated, tiny)));
    },
  };
}

/** The header's text changed, with its length right. */
function mutateNpy(random, bytes, context) {
  if (random.chance(0.3) || bytes.length < 12) return mutateBytes(random, bytes, context);
  const isFirst = bytes[6] === 1;
  const start = isFirst ? 10 : 12;
  const end = start + (isFirst ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  const header = mutateBytes(random, bytes.subarray(start, end), {
    ...context,
    other: () => bytes.subarray(start),
  });
  const head = Buffer.from(bytes.subarray(0, start));
  if (isFirst) head.writeUInt16LE(header.length & 0xffff, 8);
  else head.writeUInt32LE(header.length, 8);
  return Buffer.concat([head, header, bytes.subarray(end)]);
}

const npy = {
  name: 'npy',
  mostBytes: 1 << 20,
  seeds: () => fixturesLike('npy', /\.npy$/),
  mutate: mutateNpy,
  run: (bytes, folder) =>
    outcomeOf(
      () => readNpy(inputIn(folder)),
      ({data, shape}) => {
        expectThat(data.length === shape.reduce((a, b) => a * b, 1), 'values of the shape');
        expectThat(data.byteLength <= bytes.length, 'values within the file');
      },
    ),
};

export const TARGETS = [
  ofVariants('cifar-pickle', [
    pickled(python.train[0], () => batchOf([3])),
    pickled(python.meta, metaOf),
  ]),
  ofVariants('cifar-binary', [
    inBinary(binary.train[0], record),
    inBinary(binary.test[0], Buffer.concat([record, record])),
    inBinary(binary.names, Buffer.from('airplane\nbird\n'.repeat(5))),
  ]),
  npy,
  ofVariants('tables', [
    signs(false),
    signs(true),
    annotations('ids'),
    annotations('words'),
    annotations('annotations'),
  ]),
];
