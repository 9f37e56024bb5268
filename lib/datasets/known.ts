import {CIFAR10_CLASS_NAMES, CIFAR100_CLASS_NAMES} from './cifar.js';

/** The formats in which data sets lie on the disk, the preferred one first; formats.ts reads them. */
export const FORMAT_NAMES = ['cifar10-binary', 'cifar10-python', 'imagefolder'] as const;

/** A way in which data sets lie on the disk, by name. */
export type FormatName = (typeof FORMAT_NAMES)[number];

type PerChannel = readonly [number, number, number];

/** Everything that is known of a data set by its name (specification C.1, C.2, B1.1 and B3.1). */
export interface KnownDataset {
  /** For people. */
  readonly title: string;
  /** Other names of it, such as that of the folder in its archive. */
  readonly aliases: readonly string[];
  readonly numClasses: number;
  /** The classes in label order, or what each of their folders is named like. */
  readonly classes: readonly string[] | RegExp;
  /** Height and width in pixels that models are trained at. */
  readonly size: number;
  /** Normalization R, G, B in [0,1] pixel scale. */
  readonly mean: PerChannel;
  readonly std: PerChannel;
  /** Formats of its own, best first; every data set may also come as an image folder. */
  readonly formats: readonly FormatName[];
  readonly usual: UsualRun;
  /** Constants that BPP quantizes with where they are not those of the normalization (specification B4.10). */
  readonly bpp?: {readonly mean: PerChannel; readonly std: PerChannel};
}

/** What the official tool changes with the data set. */
export interface UsualRun {
  /** Rounds of SAU (specification B1.1). */
  readonly rounds: number;
  /** Epochs of the victim's training (specification B3.1). */
  readonly epochs: number;
  /** Rounds of fine-tuning as a defense (defenses E1). */
  readonly fineTuningRounds: number;
  /** Deviations within which channels stay: of channel Lipschitz pruning (defenses E9). */
  readonly lipschitzU: number;
  /** Of pruning by what norms see (defenses E6, E10). */
  readonly normU: number;
  /** Of the learning rate. */
  readonly schedule: 'cosine' | 'plateau';
  /** Epochs until the cosine reaches 0, however long the training is; null: as many as the training has. */
  readonly cosineEpochs: number | null;
  /** Whether training images are flipped. */
  readonly flip: boolean;
}

/** The parts of a usual run that are a V: what an option may stand for where it is left out. */
export type UsualPart<V> = {
  [Part in keyof UsualRun]: UsualRun[Part] extends V ? Part : never;
}[keyof UsualRun];

const USUAL: UsualRun = {
  rounds: 100,
  epochs: 100,
  fineTuningRounds: 100,
  lipschitzU: 3,
  normU: 3,
  schedule: 'cosine',
  cosineEpochs: null,
  flip: false,
};

const WORDNET_ID = /^n\d{8}$/;

/** The data sets that are known by name: the official tool's names. A new one takes one entry here. */
export const KNOWN = {
  cifar10: {
    title: 'CIFAR-10',
    aliases: ['cifar-10'],
    numClasses: 10,
    classes: CIFAR10_CLASS_NAMES,
    size: 32,
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.247, 0.243, 0.261],
    formats: ['cifar10-binary', 'cifar10-python'],
    usual: {...USUAL, cosineEpochs: 100, flip: true},
  },
  cifar100: {
    title: 'CIFAR-100',
    aliases: ['cifar-100'],
    numClasses: 100,
    classes: CIFAR100_CLASS_NAMES,
    size: 32,
    mean: [0.5071, 0.4865, 0.4409],
    std: [0.2673, 0.2564, 0.2762],
    formats: [],
    usual: {...USUAL, cosineEpochs: 100},
    bpp: {mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761]},
  },
  gtsrb: {
    title: 'GTSRB',
    aliases: [],
    numClasses: 43,
    classes: /^\d{5}$/,
    size: 32,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    formats: [],
    usual: {...USUAL, epochs: 50, cosineEpochs: 100},
  },
  tiny: {
    title: 'Tiny ImageNet',
    aliases: ['tiny-imagenet', 'tiny-imagenet-200'],
    numClasses: 200,
    classes: WORDNET_ID,
    size: 64,
    mean: [0.4802, 0.4481, 0.3975],
    std: [0.2302, 0.2265, 0.2262],
    formats: [],
    usual: {
      ...USUAL,
      ...{rounds: 20, epochs: 200, fineTuningRounds: 200, schedule: 'plateau'},
      ...{lipschitzU: 5, normU: 4},
    },
  },
  imagenet: {
    title: 'ImageNet',
    aliases: [],
    numClasses: 1000,
    classes: WORDNET_ID,
    size: 224,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    formats: [],
    usual: USUAL,
  },
} as const satisfies Readonly<Record<string, KnownDataset>>;

/** A data set that is known by name. */
export type KnownName = keyof typeof KNOWN;

const ENTRIES: readonly (readonly [KnownName, KnownDataset])[] = Object.entries(KNOWN) as [
  KnownName,
  KnownDataset,
][];

/** What the option `dataset` takes: the data set, the format of its folder, or nothing in particular. */
export type DatasetChoice = 'auto' | FormatName | KnownName;

/** Every value of the option `dataset`. */
export const DATASET_CHOICES: readonly DatasetChoice[] = [
  'auto',
  ...ENTRIES.map(([name]) => name),
  ...FORMAT_NAMES,
];

/** The known data set of a name or another name of it; null if none. */
export function findKnown(name: string): (KnownDataset & {readonly name: KnownName}) | null {
  const found = ENTRIES.find(([key, {aliases}]) => key === name || aliases.includes(name));
  return found === undefined ? null : {name: found[0], ...found[1]};
}

/** What the official tool does on a data set; where it is unknown, what it does on most. */
export function usualRunOn(datasetName: string): UsualRun {
  return findKnown(datasetName)?.usual ?? USUAL;
}

/** A part of the usual runs for the help: `100; 20 for tiny`. */
export function usualText(part: UsualPart<number | string | boolean>): string {
  const text = (value: number | boolean | string): string =>
    typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
  const others = ENTRIES.filter(([, {usual}]) => usual[part] !== USUAL[part]);
  const list = others.map(([name, {usual}]) => `${text(usual[part])} for ${name}`);
  return [text(USUAL[part]), ...(list.length === 0 ? [] : [list.join(', ')])].join('; ');
}

/** The lengths of the cosine for the help: `100 for cifar10, gtsrb`. */
export function cosineText(): string {
  const lengths = new Map<number, string[]>();
  for (const [name, {usual}] of ENTRIES) {
    const {cosineEpochs} = usual;
    if (cosineEpochs === null) continue;
    lengths.set(cosineEpochs, [...(lengths.get(cosineEpochs) ?? []), name]);
  }
  return [...lengths].map(([length, names]) => `${length} for ${names.join(', ')}`).join('; ');
}

/** The known data set that a folder of this format and these classes is; null if none. */
export function recognize(format: FormatName, classNames: readonly string[]): KnownName | null {
  const found = ENTRIES.find(
    ([, known]) => known.formats.includes(format) || hasClasses(known, classNames),
  );
  return found?.[0] ?? null;
}

/** Whether these may be the classes of a data set that the user has named: its own, or numbered. */
export function mayHaveClasses(known: KnownDataset, classNames: readonly string[]): boolean {
  const areNumbers = classNames.every((name) => /^\d+$/.test(name));
  return hasClasses(known, classNames) || (areNumbers && classNames.length === known.numClasses);
}

function hasClasses({classes, numClasses}: KnownDataset, names: readonly string[]): boolean {
  if (names.length !== numClasses) return false;
  return classes instanceof RegExp
    ? names.every((name) => classes.test(name))
    : names.join('/') === classes.join('/');
}
