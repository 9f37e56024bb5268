import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {FORMATS} from '../../../lib/datasets/formats.js';
import {
  cosineText,
  DATASET_CHOICES,
  findKnown,
  KNOWN,
  type KnownDataset,
  knownTitles,
  usualRunOn,
  usualText,
} from '../../../lib/datasets/known.js';
import {labelText} from '../../../lib/datasets/label_text.js';
import {mayHaveClasses, recognize} from '../../../lib/datasets/recognize.js';
import {ROOT} from '../../support/paths.js';

const names = (count: number, name: (i: number) => string): string[] =>
  Array.from({length: count}, (_, i) => name(i));

/** Where the names stand, and where they are written from there by `npm run options`. */
const DERIVED = [join('datasets', 'known.ts'), join('options', 'documented.ts')];

describe('KNOWN', () => {
  it('has the constants of the official tool', () => {
    expect(KNOWN.cifar10.std).toEqual([0.247, 0.243, 0.261]);
    expect(KNOWN.tiny).toMatchObject({numClasses: 200, size: 64});
  });

  it.each(Object.entries(KNOWN))('agrees with itself about %s', (_, {classes, numClasses}) => {
    if (classes instanceof RegExp) return;
    expect(new Set(classes).size).toBe(numClasses);
    expect([...classes].sort()).toEqual(classes);
  });

  it('is found by its names and no others', () => {
    expect(findKnown('gtsrb')?.name).toBe('gtsrb');
    expect(findKnown('tiny-imagenet-200')?.name).toBe('tiny');
    expect(findKnown('toString')).toBeNull();
    expect(findKnown('imagefolder')).toBeNull();
  });

  it('tells what the classes are called, where there are as many as it has', () => {
    expect(knownTitles('cifar-10', 10)?.[3]).toBe('cat');
    expect(knownTitles('gtsrb', 43)?.[14]).toBe('stop');
    expect(knownTitles('cifar10', 4)).toBeNull();
    expect(knownTitles('tiny', 200)).toBeNull();
    expect(knownTitles('shapes', 10)).toBeNull();
    expect([labelText(3, 'cat'), labelText(3, '00003'), labelText(3, undefined)]).toEqual([
      ...['3 (cat)', '3', '3'],
    ]);
  });

  it('feeds the choices of the option and the help', () => {
    expect(DATASET_CHOICES).toEqual([
      'auto',
      ...Object.keys(KNOWN),
      ...FORMATS.map(({name}) => name),
    ]);
    expect(usualText('rounds')).toBe('100; 20 for tiny');
    expect(usualText('epochs')).toBe('100; 50 for gtsrb, 200 for tiny');
    expect(usualText('flip')).toBe('off; on for cifar10');
    expect(usualText('schedule')).toBe('cosine; plateau for tiny');
    expect(cosineText()).toBe('100 for cifar10, cifar100, gtsrb');
  });

  it.each(Object.entries(KNOWN))('is what docs/datasets.md says of %s', (name, known) => {
    const docs = readFileSync(join(ROOT, 'docs/datasets.md'), 'utf8');
    const {numClasses, size, layouts, source} = known as KnownDataset;
    const row = docs.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
    expect(row).toContain(`| ${numClasses}, ${size} px |`);
    for (const {format} of layouts) expect(row).toContain(`\`${format}\``);
    for (const {url, sum} of source?.archives ?? []) {
      const [[kind = '', hex = ''] = []] = Object.entries(sum);
      expect(docs).toContain(`\`${url.slice(url.lastIndexOf('/') + 1)}\` | ${kind} \`${hex}\``);
    }
  });

  it('has archives that are told from each other by their names', () => {
    const archives = Object.values<KnownDataset>(KNOWN).flatMap(
      ({source}) => source?.archives ?? [],
    );
    expect(new Set(archives.map(({url}) => url.slice(url.lastIndexOf('/') + 1))).size).toBe(6);
    for (const {url} of archives) expect(url).toMatch(/\.(zip|tar\.gz)$/);
  });

  it('says what is usual on a data set, of a name of its folder too', () => {
    expect(usualRunOn('tiny-imagenet').rounds).toBe(20);
    expect(usualRunOn('my signs')).toEqual({
      rounds: 100,
      epochs: 100,
      fineTuningRounds: 100,
      ...{lipschitzU: 3, normU: 3, sharpnessAwareRounds: 100},
      ...{polarizerRounds: 50, polarizerBatch: 128, polarizerWarmup: 5, polarizerBound: 3},
      ...{keptWeight: 0.4, topWeight: 0.4, targetWeight: 0.4},
      ...{polarizerSigns: true, polarizerTrains: false},
      schedule: 'cosine',
      cosineEpochs: null,
      flip: false,
    });
  });

  it('is the only place in the library and the CLI that names these data sets', () => {
    const root = ROOT;
    const files = ['lib', 'bin'].flatMap((folder) =>
      readdirSync(join(root, folder), {recursive: true, encoding: 'utf8'})
        .filter((name) => name.endsWith('.ts') && !DERIVED.includes(name))
        .map((name) => join(root, folder, name)),
    );
    // cifar10 has formats of its own, which are named after it.
    const others = Object.keys(KNOWN).filter((name) => name !== 'cifar10');
    const quoted = new RegExp(`['"\`](${others.join('|')})['"\`]|\\b(gtsrb|cifar100)\\b`);
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => quoted.test(readFileSync(file, 'utf8')))).toEqual([]);
  });
});

describe('recognize', () => {
  it('tells data sets by their class folders', () => {
    const folders = (classNames: string[]) => recognize('imagefolder', classNames);
    expect(folders(names(43, (i) => String(i).padStart(5, '0')))).toBe('gtsrb');
    expect(folders(names(200, (i) => `n${10000000 + i}`))).toBe('tiny');
    expect(folders(names(1000, (i) => `n${10000000 + i}`))).toBe('imagenet');
    expect(folders([...KNOWN.cifar100.classes])).toBe('cifar100');
  });

  it('tells a data set by a format of its own, whatever its classes are called', () => {
    expect(
      recognize(
        'cifar10-python',
        names(10, (i) => `c${i}`),
      ),
    ).toBe('cifar10');
  });

  it('does not guess', () => {
    expect(recognize('imagefolder', names(10, String))).toBeNull();
    expect(
      recognize(
        'imagefolder',
        names(43, (i) => `sign ${i}`),
      ),
    ).toBeNull();
    expect(recognize('imagefolder', names(7, String))).toBeNull();
  });
});

describe('mayHaveClasses', () => {
  it('takes the names of the data set and numbers, as many as it has classes', () => {
    expect(mayHaveClasses(KNOWN.cifar10, KNOWN.cifar10.classes)).toBe(true);
    expect(mayHaveClasses(KNOWN.gtsrb, names(43, String))).toBe(true);
    expect(mayHaveClasses(KNOWN.gtsrb, names(42, String))).toBe(false);
    expect(
      mayHaveClasses(
        KNOWN.tiny,
        names(200, (i) => `thing ${i}`),
      ),
    ).toBe(false);
  });
});
