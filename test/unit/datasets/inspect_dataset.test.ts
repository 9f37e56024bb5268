import {spawnSync} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import sharp from 'sharp';
import {describe, expect, it} from 'vitest';
import {inspectDataset, inspectedAs} from '../../../lib/inspect.js';
import type {Progress} from '../../../lib/run/progress.js';
import {
  cifarBatch,
  cifarImage,
  putCifar100Python,
  putCifarBinary,
  putCifarPython,
} from '../../support/cifar_files.js';
import {picture, plain, put, putPng, someBytes} from '../../support/data_files.js';
import {errorOf} from '../../support/error_of.js';
import {namesIn, temporaryFolder} from '../../support/folders.js';
import {ppm, putFiles, signFiles, someSigns, tinyFiles, WNIDS} from '../../support/sign_files.js';

const PIPES = process.platform === 'linux' && spawnSync('mkfifo', ['--version']).status === 0;
const COLORS = {cat: [250, 10, 10], dog: [10, 250, 10], emu: [10, 10, 250]} as const;

/** An image folder of the classes cat, dog and emu, of which emu has one image. */
async function putFolder(): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, color] of Object.entries(COLORS)) {
    const count = name === 'emu' ? 1 : 4;
    for (let i = 0; i < count; i++) await putPng(join(folder, 'train', name, `${i}.png`), color);
    await putPng(join(folder, 'test', name, '0.png'), color);
  }
  return folder;
}

describe('inspectDataset', () => {
  it.each([
    ['cifar10-binary', putCifarBinary],
    ['cifar10-python', (folder: string) => putCifarPython(folder, 'python2')],
  ])('tells format, classes, counts and options of %s', async (format, write) => {
    const folder = await write(await temporaryFolder());
    const told = await inspectDataset({data: folder});
    expect(told).toMatchObject({
      ...{format, name: 'cifar10', title: 'CIFAR-10', path: folder, preview: null},
      ...{usable: true, because: null, unreadable: []},
      train: {images: 10, least: 1, most: 1, unbalanced: []},
      test: {images: 2, least: 0, most: 1},
      sizes: {
        different: 1,
        frequent: [{height: 32, width: 32, images: 12}],
        smallest: {height: 32, width: 32, file: null},
      },
      options: {
        ...{data: folder, dataset: 'auto', imageSize: 32},
        ...{mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.243, 0.261]},
      },
    });
    expect(told.classes).toHaveLength(10);
    expect(told.classes[1]).toMatchObject({train: 1, test: 1});
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
  });

  it('reads the fine labels of CIFAR-100', async () => {
    const batch = {labels: [3, 3, 99], pixels: someBytes(3 * 3072)};
    const folder = await putCifar100Python(await temporaryFolder(), {train: batch, test: batch});
    const {classes, title} = await inspectDataset({data: folder});
    expect(title).toBe('CIFAR-100');
    expect(classes[3]).toEqual({name: 'bear', title: 'bear', train: 2, test: 2});
    expect(classes[99]).toMatchObject({name: 'worm', train: 1});
  });

  it('names the file whose labels are beyond the classes', async () => {
    const folder = await putCifarPython(await temporaryFolder(), 'python3');
    const file = join(folder, 'data_batch_3');
    const pixels = Buffer.concat([cifarImage(0).pixels, cifarImage(1).pixels]);
    await put(file, cifarBatch({labels: [0, 10], pixels}, 'python3'));
    const {message} = await errorOf(inspectDataset({data: folder}), 'ERR_DATASET');
    expect(message).toContain(file);
  });

  it('tells the sizes of signs, and what they are called', async () => {
    const train = someSigns(2);
    const folder = await putFiles(
      await temporaryFolder(),
      signFiles({train, test: someSigns(1, 50)}, 'archive'),
    );
    const {title, classes, sizes, options, usable} = await inspectDataset({data: folder});
    expect({title, usable}).toEqual({title: 'GTSRB', usable: true});
    expect(classes[14]).toEqual({name: '00014', title: 'stop', train: 2, test: 1});
    const areas = [...train, ...someSigns(1, 50)].map(({picture: p}) => p.height * p.width);
    const area = (size: {height: number; width: number} | null) =>
      size === null ? 0 : size.height * size.width;
    expect(area(sizes.smallest)).toBe(Math.min(...areas));
    expect(area(sizes.largest)).toBe(Math.max(...areas));
    expect(sizes.smallest?.file).toMatch(/\.ppm$/);
    expect(options).toMatchObject({imageSize: 32, mean: [0, 0, 0], std: [1, 1, 1]});
  });

  it('describes Tiny ImageNet with the words of its own list', async () => {
    const jpeg = await picture(plain([9, 9, 9], 64, 64))
      .jpeg()
      .toBuffer();
    const folder = await putFiles(
      await temporaryFolder(),
      tinyFiles(() => jpeg, {perClass: 1, valCount: 3}),
    );
    const told = await inspectDataset({data: folder});
    expect(told).toMatchObject({name: 'tiny', train: {images: 200, least: 1, most: 1}});
    expect(told.test).toMatchObject({images: 3, least: 0, most: 1});
    expect(told.classes[7]).toEqual({name: WNIDS[7], title: 'thing 7', train: 1, test: 1});
  });

  it('names classes with far fewer images than others, and what nobody knows of a folder', async () => {
    const folder = await putFolder();
    const told = await inspectDataset({data: folder});
    expect(told).toMatchObject({
      ...{name: null, title: null, format: 'imagefolder'},
      train: {images: 9, least: 1, most: 4, unbalanced: [2]},
      test: {images: 3, unbalanced: []},
      options: {dataset: 'auto', imageSize: null, mean: null, std: null},
    });
  });

  it('takes the word of the user for what a folder is', async () => {
    const folder = await temporaryFolder();
    for (let label = 0; label < 43; label++) {
      for (const split of ['train', 'test']) {
        await putPng(join(folder, split, String(label), '0.png'), [label, 0, 0]);
      }
    }
    expect(await inspectDataset({data: folder})).toMatchObject({name: null});
    const told = await inspectDataset({data: folder, dataset: 'gtsrb'});
    expect(told.options).toMatchObject({dataset: 'gtsrb', imageSize: 32});
  });

  it('reads the size of every format from its header, a long one and one without end too', async () => {
    const folder = await putFolder();
    const image = (height: number, width: number) =>
      picture({data: someBytes(3 * height * width), height, width});
    const files: readonly (readonly [string, Buffer])[] = [
      [
        'a.jpg',
        await image(20, 30)
          .withExif({IFD0: {Copyright: 'x'.repeat(60_000)}})
          .jpeg()
          .toBuffer(),
      ],
      ['b.webp', await image(21, 30).webp().toBuffer()],
      ['c.tiff', await image(22, 30).tiff({compression: 'none'}).toBuffer()],
      ['d.ppm', ppm({data: someBytes(3 * 23 * 30), height: 23, width: 30})],
      ['e.jpg', (await image(300, 300).jpeg().toBuffer()).subarray(0, 4000)],
    ];
    for (const [name, bytes] of files) await put(join(folder, 'train', 'cat', name), bytes);
    const {sizes, unreadable} = await inspectDataset({data: folder});
    expect(unreadable).toEqual([]);
    expect(sizes.different).toBe(6);
    expect(sizes.frequent[0]).toEqual({height: 4, width: 4, images: 12});
    for (const height of [20, 21, 22, 23]) {
      expect(sizes.frequent).toContainEqual({height, width: 30, images: 1});
    }
    expect(sizes.largest).toEqual({
      ...{height: 300, width: 300, file: join(folder, 'train', 'cat', 'e.jpg')},
    });
  });

  it('lists the files that are no images, in their order, and goes on', async () => {
    const folder = await putFolder();
    const put3 = (name: string, text: string | Buffer) =>
      put(join(folder, 'train', 'dog', name), text);
    await put3('5.png', '');
    await put3('6.jpg', '<html><body>404</body></html>');
    await put3('7.png', '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"/>');
    await put3('8.jpg', Buffer.from('\xff\xd8\xff\xe0', 'latin1'));
    await put3('9.ppm', ppm({data: someBytes(3 * 16), height: 4, width: 4}).subarray(0, 40));
    const told = await inspectDataset({data: folder});
    const file = (name: string) => join(folder, 'train', 'dog', name);
    expect(told.unreadable).toEqual([
      {file: file('5.png'), because: 'its content is empty'},
      {file: file('6.jpg'), because: 'its content is an HTML page'},
      {file: file('7.png'), because: 'its content is an SVG drawing'},
      {file: file('8.jpg'), because: expect.stringMatching(/header|JPEG/)},
      {file: file('9.ppm'), because: 'it ends after 40 of 59 bytes'},
    ]);
    expect(told).toMatchObject({
      usable: false,
      because: `5 of 17 image files cannot be read, the first of them ${file('5.png')}: its content is empty`,
      sizes: {different: 1},
    });
    expect(told.unreadable.every(({because}) => !because.includes('\n'))).toBe(true);
  });

  it.skipIf(!PIPES)('does not wait for a pipe that becomes one of the images', async () => {
    const folder = await putFolder();
    spawnSync('mkfifo', [join(folder, 'train', 'cat', 'pipe.png')]);
    const {message} = await errorOf(inspectDataset({data: folder}), 'ERR_DATASET');
    expect(message).toContain('pipe.png');
  });

  it('counts what it finds, reads and checks, and can be stopped', async () => {
    const folder = await putFolder();
    const told: Progress[] = [];
    await inspectDataset({data: folder}, {onProgress: (progress) => told.push(progress)});
    expect(told).toContainEqual(
      expect.objectContaining({kind: 'images', doing: 'finding', of: null, secondsLeft: null}),
    );
    expect(told).toContainEqual(
      expect.objectContaining({kind: 'images', doing: 'finding', done: 12, of: 12}),
    );
    expect(told).toContainEqual(
      expect.objectContaining({kind: 'images', doing: 'checking', done: 12, of: 12}),
    );
    const stop = new AbortController();
    const stopped = inspectDataset(
      {data: folder},
      {signal: stop.signal, onProgress: ({kind}) => kind === 'images' && stop.abort('enough')},
    );
    await expect(stopped).rejects.toBe('enough');
  });
});

describe('the preview of a data set', () => {
  it('has a row for each class, of its own images', async () => {
    const folder = await putFolder();
    const place = await temporaryFolder();
    const preview = join(place, 'sheet.PNG');
    const killed = `.sheet.PNG.${randomUUID()}.tmp`; // what a call that was killed has left
    writeFileSync(join(place, killed), 'half');
    expect(await inspectDataset({data: folder, preview})).toMatchObject({preview});
    expect(readdirSync(place)).toEqual(['sheet.PNG']);
    const {data, info} = await sharp(preview).raw().toBuffer({resolveWithObject: true});
    expect(info.height).toBe(3 * (64 + 2) + 2);
    const colorAt = (x: number, y: number): number[] =>
      [...data.subarray(info.channels * (y * info.width + x))].slice(0, 3);
    // The labels are on the left; the class emu has one image, those before it have four.
    const first = info.width - 4 * (64 + 2) + 32;
    const rows = [0, 1, 2].map((row) => row * 66 + 34);
    expect(rows.map((y) => colorAt(first, y))).toEqual(Object.values(COLORS));
    expect(rows.map((y) => colorAt(info.width - 34, y))).toEqual([
      ...[COLORS.cat, COLORS.dog],
      [255, 255, 255],
    ]);
  });

  it('leaves out what cannot be read', async () => {
    const folder = await putFolder();
    writeFileSync(join(folder, 'train', 'emu', '0.png'), '');
    const preview = join(await temporaryFolder(), 'sheet.png');
    expect(await inspectDataset({data: folder, preview})).toMatchObject({usable: false});
    expect((await sharp(preview).metadata()).height).toBe(2 * (64 + 2) + 2);
  });

  it('shows some of many classes', async () => {
    const batch = {labels: Array.from({length: 60}, (_, i) => i), pixels: someBytes(60 * 3072)};
    const folder = await putCifar100Python(await temporaryFolder(), {train: batch, test: batch});
    const preview = join(await temporaryFolder(), 'sheet.png');
    await inspectDataset({data: folder, preview});
    expect((await sharp(preview).metadata()).height).toBe(2 * (20 * (32 + 2) + 2));
  });

  it('is no file of another kind, and none among the images', async () => {
    const folder = await putFolder();
    const {message} = await errorOf(
      inspectDataset({data: folder, preview: 'sheet.jpg'}),
      'ERR_CONFIG',
    );
    expect(message).toMatch(/PNG file.*preview.*sheet\.jpg/);
    const preview = join(folder, 'train', 'cat', 'sheet.png');
    const error = await errorOf(inspectDataset({data: folder, preview}), 'ERR_CONFIG');
    expect(error.message).toContain(preview);
    expect(namesIn(join(folder, 'train', 'cat'))).not.toContain('sheet.png');
    const absent = join(folder, '..', 'absent', 'sheet.png');
    await errorOf(inspectDataset({data: folder, preview: absent}), 'ERR_OUTPUT');
  });
});

describe('what a folder is inspected as', () => {
  it('is a checkpoint for a record, and for a file or what is not there', async () => {
    const folder = await temporaryFolder();
    const file = await put(join(folder, 'attack_result.pt'), '');
    expect(await inspectedAs(folder)).toBe('checkpoint');
    expect(await inspectedAs(file)).toBe('checkpoint');
    expect(await inspectedAs(join(folder, 'absent'))).toBe('checkpoint');
  });

  it('is a data set for one and for a folder that holds one', async () => {
    const parent = await temporaryFolder();
    await putCifarBinary(join(parent, 'cifar-10-batches-bin'));
    expect(await inspectedAs(parent)).toBe('dataset');
    expect(await inspectedAs(join(parent, 'cifar-10-batches-bin'))).toBe('dataset');
    // A record with the folder of a data set in it is a record.
    await put(join(parent, 'defense_result.pt'), '');
    expect(await inspectedAs(parent)).toBe('checkpoint');
  });

  it('is an error where it is both', async () => {
    const folder = await putFolder();
    await put(join(folder, 'attack_result.pt'), '');
    const {message} = await errorOf(inspectedAs(folder), 'ERR_CHECKPOINT');
    expect(message).toContain('found both: attack_result.pt and a data set');
    expect(message).toContain(join(folder, 'attack_result.pt'));
  });

  it('is an error where it is neither, with all that was looked for', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 'train'));
    const {message} = await errorOf(inspectedAs(folder), 'ERR_CHECKPOINT');
    for (const wanted of [
      ...['attack_result.pt', 'defense_result.pt', 'cifar-10-batches-bin/data_batch_1.bin'],
      ...['cifar-100-python/train', 'GT-<class>.csv', 'wnids.txt', 'train/<class>/*'],
    ]) {
      expect(message).toContain(wanted);
    }
  });
});
