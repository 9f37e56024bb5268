import {mkdir, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {type Picture, someBytes} from './data_files.js';

// GTSRB and Tiny ImageNet as their authors lay them out, with few and small images.

/** The authors' layout of GTSRB, or that which the official tool expects. */
export type SignLayout = 'archive' | 'reference';

const HEADER = 'Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId';

export interface Sign {
  readonly label: number;
  readonly picture: Picture;
}

/** One or two images of each class, of sizes of their own. */
export function someSigns(perClass: number, first = 0): Sign[] {
  return Array.from({length: 43 * perClass}, (_, i) => {
    const [height, width] = [15 + ((first + i) % 9), 16 + ((first + 3 * i) % 11)];
    const data = someBytes(3 * height * width, first + 7 * i);
    return {label: Math.floor(i / perClass), picture: {data, height, width}};
  });
}

/** A binary PPM of 8 bits. */
export function ppm({data, height, width}: Picture): Buffer {
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), data]);
}

function row(name: string, {picture: {height, width}, label}: Sign): string {
  return `${name};${width};${height};5;5;${width - 5};${height - 5};${label}`;
}

const digits = (i: number): string => String(i).padStart(5, '0');

/** The files of GTSRB by path. The rows of a class are not in the order of the names of their files. */
export function signFiles(
  {train, test}: {readonly train: readonly Sign[]; readonly test: readonly Sign[]},
  layout: SignLayout,
): Map<string, Buffer> {
  const places =
    layout === 'archive'
      ? {
          train: 'GTSRB/Final_Training/Images',
          test: 'GTSRB/Final_Test/Images',
          table: 'GT-final_test.csv',
        }
      : {train: 'Train', test: 'Test', table: 'Test/GT-final_test.csv'};
  const files = new Map<string, Buffer>();
  for (let label = 0; label < 43; label++) {
    const signs = train.filter((sign) => sign.label === label);
    const folder = `${places.train}/${digits(label)}`;
    const rows = signs.map((sign, i) => {
      const name = `${digits(signs.length - 1 - i)}_00000.ppm`;
      files.set(`${folder}/${name}`, ppm(sign.picture));
      return row(name, sign);
    });
    files.set(`${folder}/GT-${digits(label)}.csv`, table(rows));
  }
  const rows = test.map((sign, i) => {
    files.set(`${places.test}/${digits(i)}.ppm`, ppm(sign.picture));
    return row(`${digits(i)}.ppm`, sign);
  });
  if (layout === 'archive') {
    const without = rows.map((line) => line.replace(/;\d+$/, ''));
    const header = HEADER.replace(';ClassId', '');
    files.set(
      `${places.test}/GT-final_test.test.csv`,
      Buffer.from([header, ...without, ''].join('\r\n')),
    );
  }
  files.set(places.table, table(rows));
  return files;
}

function table(rows: readonly string[]): Buffer {
  return Buffer.from([HEADER, ...rows, ''].join('\r\n'));
}

/** The class folders of a Tiny ImageNet of 200 classes, sorted by name. */
export const WNIDS = Array.from(
  {length: 200},
  (_, i) => `n${String(1_440_000 + 37 * i).padStart(8, '0')}`,
);

/**
 * The files of Tiny ImageNet by path; val image i is of class (7 * i) % 200. `moved`: as the official tool leaves
 * them.
 */
export function tinyFiles(
  image: (i: number) => Buffer,
  {perClass, valCount, moved = false}: {perClass: number; valCount: number; moved?: boolean},
): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const text = (path: string, lines: readonly string[]): unknown =>
    files.set(`tiny-imagenet-200/${path}`, Buffer.from(`${lines.join('\n')}\n`));
  // The authors' list is not sorted.
  text('wnids.txt', WNIDS.toReversed());
  text('words.txt', [
    'n00001740\tentity',
    ...WNIDS.map((id, i) => `${id}\tthing ${i}, object ${i}`),
  ]);
  for (const [label, id] of WNIDS.entries()) {
    const boxes = Array.from({length: perClass}, (_, i) => `${id}_${i}.JPEG\t0\t0\t63\t63`);
    text(`train/${id}/${id}_boxes.txt`, boxes);
    for (let i = 0; i < perClass; i++) {
      files.set(
        `tiny-imagenet-200/train/${id}/images/${id}_${i}.JPEG`,
        image(label * perClass + i),
      );
    }
  }
  const annotations: string[] = [];
  for (let i = 0; i < valCount; i++) {
    const id = WNIDS[(7 * i) % 200] ?? '';
    const folder = moved ? `val/${id}` : 'val/images';
    annotations.push(`val_${i}.JPEG\t${id}\t0\t0\t63\t63`);
    files.set(`tiny-imagenet-200/${folder}/val_${i}.JPEG`, image(1000 + i));
  }
  if (!moved) text('val/val_annotations.txt', annotations);
  files.set('tiny-imagenet-200/test/images/test_0.JPEG', image(0));
  return files;
}

/** Writes files below a folder. */
export async function putFiles(
  folder: string,
  files: ReadonlyMap<string, Buffer>,
): Promise<string> {
  const folders = new Set([...files.keys()].map((path) => dirname(path)));
  for (const name of folders) await mkdir(join(folder, name), {recursive: true});
  for (const [path, data] of files) await writeFile(join(folder, path), data);
  return folder;
}
