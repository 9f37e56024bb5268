import {CIFAR10_CLASS_NAMES, CIFAR100_CLASS_NAMES, GTSRB_SIGNS} from './class_names.js';
import type {DatasetLayout, DatasetSource} from './layout.js';

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
  /** What the classes are called, in label order, where their folders do not tell. */
  readonly classTitles?: readonly string[];
  /** How many images its authors give. */
  readonly images?: {readonly train: number; readonly test: number};
  /** Height and width in pixels that models are trained at. */
  readonly size: number;
  /** Normalization R, G, B in [0,1] pixel scale. */
  readonly mean: PerChannel;
  readonly std: PerChannel;
  /** Formats of its own, best first; every data set may also come as an image folder. */
  readonly layouts: readonly DatasetLayout[];
  /** null: its authors give it to registered users alone. */
  readonly source: DatasetSource | null;
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
  /** Rounds of FT-SAM (defenses E8). */
  readonly sharpnessAwareRounds: number;
  /** Deviations within which channels stay: of channel Lipschitz pruning (defenses E9). */
  readonly lipschitzU: number;
  /** Of pruning by what norms see (defenses E6, E10). */
  readonly normU: number;
  /** Rounds of a neural polarizer (defenses E12). */
  readonly polarizerRounds: number;
  /** Its images per batch. */
  readonly polarizerBatch: number;
  /** Rounds of its warm-up. */
  readonly polarizerWarmup: number;
  /** Radius of the ball that its perturbations are in. */
  readonly polarizerBound: number;
  /** Weights of its losses of perturbed images: of the class as before, of the likeliest wrong one, of the target. */
  readonly keptWeight: number;
  readonly topWeight: number;
  readonly targetWeight: number;
  /** Whether its search goes by signs. */
  readonly polarizerSigns: boolean;
  /** Whether its norm is in training mode while it learns. */
  readonly polarizerTrains: boolean;
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
  sharpnessAwareRounds: 100,
  lipschitzU: 3,
  normU: 3,
  polarizerRounds: 50,
  polarizerBatch: 128,
  polarizerWarmup: 5,
  polarizerBound: 3,
  keptWeight: 0.4,
  topWeight: 0.4,
  targetWeight: 0.4,
  polarizerSigns: true,
  polarizerTrains: false,
  schedule: 'cosine',
  cosineEpochs: null,
  flip: false,
};

const CIFAR_PAGE = 'https://www.cs.toronto.edu/~kriz/cifar.html';
const GTSRB_FILES = 'https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370';
const WORDNET_ID = /^n\d{8}$/;

/** The data sets that are known by name: the official tool's names. A new one takes one entry here. */
export const KNOWN = {
  cifar10: {
    title: 'CIFAR-10',
    aliases: ['cifar-10'],
    numClasses: 10,
    classes: CIFAR10_CLASS_NAMES,
    images: {train: 50_000, test: 10_000},
    size: 32,
    mean: [0.4914, 0.4822, 0.4465],
    std: [0.247, 0.243, 0.261],
    layouts: [
      {
        reader: 'cifar-binary',
        format: 'cifar10-binary',
        folder: 'cifar-10-batches-bin',
        train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`),
        test: ['test_batch.bin'],
        labelBytes: 1,
        names: 'batches.meta.txt',
      },
      {
        reader: 'cifar-python',
        format: 'cifar10-python',
        folder: 'cifar-10-batches-py',
        train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`),
        test: ['test_batch'],
        labels: 'labels',
        perFile: 'num_cases_per_batch',
        meta: 'batches.meta',
        names: 'label_names',
      },
    ],
    source: {
      page: CIFAR_PAGE,
      archives: [
        {
          url: 'https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz',
          bytes: 170_498_071,
          sum: {sha256: '6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce'},
          places: {'cifar-10-batches-py': 'cifar-10-batches-py'},
        },
      ],
      bytes: 186e6,
    },
    usual: {...USUAL, cosineEpochs: 100, flip: true},
  },
  cifar100: {
    title: 'CIFAR-100',
    aliases: ['cifar-100'],
    numClasses: 100,
    classes: CIFAR100_CLASS_NAMES,
    images: {train: 50_000, test: 10_000},
    size: 32,
    mean: [0.5071, 0.4865, 0.4409],
    std: [0.2673, 0.2564, 0.2762],
    layouts: [
      {
        reader: 'cifar-binary',
        format: 'cifar100-binary',
        folder: 'cifar-100-binary',
        train: ['train.bin'],
        test: ['test.bin'],
        labelBytes: 2,
        names: 'fine_label_names.txt',
      },
      {
        reader: 'cifar-python',
        format: 'cifar100-python',
        folder: 'cifar-100-python',
        train: ['train'],
        test: ['test'],
        labels: 'fine_labels',
        meta: 'meta',
        names: 'fine_label_names',
      },
    ],
    source: {
      page: CIFAR_PAGE,
      archives: [
        {
          url: 'https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz',
          bytes: 169_001_437,
          sum: {sha256: '85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7'},
          places: {'cifar-100-python': 'cifar-100-python'},
        },
      ],
      bytes: 187e6,
    },
    usual: {...USUAL, cosineEpochs: 100, polarizerRounds: 100, polarizerBatch: 256},
    bpp: {mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761]},
  },
  gtsrb: {
    title: 'GTSRB',
    aliases: [],
    numClasses: 43,
    classes: /^\d{5}$/,
    classTitles: GTSRB_SIGNS,
    images: {train: 39_209, test: 12_630},
    size: 32,
    mean: [0, 0, 0],
    std: [1, 1, 1],
    layouts: [
      {
        reader: 'image-tables',
        format: 'gtsrb-ppm',
        folder: 'GTSRB',
        places: [
          {train: 'Train', test: 'Test'},
          {train: 'Final_Training/Images', test: 'Final_Test/Images'},
        ],
        testTable: 'GT-final_test.csv',
      },
    ],
    source: {
      page: 'https://benchmark.ini.rub.de/gtsrb_dataset.html',
      archives: [
        {
          url: `${GTSRB_FILES}/GTSRB_Final_Training_Images.zip`,
          bytes: 276_294_756,
          sum: {md5: 'f33fd80ac59bff73c82d25ab499e03a3'},
          places: {'GTSRB/Final_Training/Images': 'Train'},
        },
        {
          url: `${GTSRB_FILES}/GTSRB_Final_Test_Images.zip`,
          bytes: 88_978_620,
          sum: {md5: 'c7e4e6327067d32654124b0fe9e82185'},
          places: {'GTSRB/Final_Test/Images': 'Test'},
        },
        {
          url: `${GTSRB_FILES}/GTSRB_Final_Test_GT.zip`,
          bytes: 99_620,
          sum: {md5: 'fe31e9c9270bbcd7b84b7f21a9d9d9e5'},
          places: {'GT-final_test.csv': 'Test/GT-final_test.csv'},
        },
      ],
      bytes: 400e6,
    },
    usual: {
      ...{...USUAL, epochs: 50, sharpnessAwareRounds: 50, cosineEpochs: 100},
      ...{polarizerBound: 5, keptWeight: 0.5, topWeight: 0.5, targetWeight: 0.5},
    },
  },
  tiny: {
    title: 'Tiny ImageNet',
    aliases: ['tiny-imagenet', 'tiny-imagenet-200'],
    numClasses: 200,
    classes: WORDNET_ID,
    images: {train: 100_000, test: 10_000},
    size: 64,
    mean: [0.4802, 0.4481, 0.3975],
    std: [0.2302, 0.2265, 0.2262],
    layouts: [
      {
        reader: 'annotated-folders',
        format: 'tiny-annotated',
        folder: 'tiny-imagenet-200',
        train: 'train',
        test: 'val',
        ids: 'wnids.txt',
        words: 'words.txt',
        annotations: 'val_annotations.txt',
      },
    ],
    source: {
      page: 'http://cs231n.stanford.edu',
      archives: [
        {
          url: 'http://cs231n.stanford.edu/tiny-imagenet-200.zip',
          bytes: 248_100_043,
          sum: {sha256: '6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821'},
          places: {'tiny-imagenet-200': 'tiny-imagenet-200'},
        },
      ],
      bytes: 500e6,
    },
    usual: {
      ...USUAL,
      ...{rounds: 20, epochs: 200, fineTuningRounds: 200, schedule: 'plateau'},
      ...{lipschitzU: 5, normU: 4},
      ...{polarizerWarmup: 0, polarizerBound: 6, polarizerSigns: false, polarizerTrains: true},
      ...{keptWeight: 1, topWeight: 0.1, targetWeight: 0.1},
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
    layouts: [],
    source: null,
    usual: USUAL,
  },
} as const satisfies Readonly<Record<string, KnownDataset>>;

/** A data set that is known by name. */
export type KnownName = keyof typeof KNOWN;

type OwnLayout = (typeof KNOWN)[KnownName]['layouts'][number];

/** A way in which data sets lie on the disk, by name. */
export type FormatName = OwnLayout['format'] | 'imagefolder';

const ENTRIES: readonly (readonly [KnownName, KnownDataset])[] = Object.entries(KNOWN) as [
  KnownName,
  KnownDataset,
][];

/** The formats of all data sets, the preferred ones first. */
export const FORMAT_NAMES: readonly FormatName[] = [
  ...Object.values(KNOWN).flatMap(({layouts}) => layouts.map(({format}) => format)),
  'imagefolder',
];

/** A data set that can be fetched from its authors. */
export type FetchedName = {
  [Name in KnownName]: (typeof KNOWN)[Name]['source'] extends null ? never : Name;
}[KnownName];

/** The data sets that can be fetched. */
export const FETCHED_NAMES = ENTRIES.flatMap(([name, {source}]) =>
  source === null ? [] : [name],
) as readonly FetchedName[];

/** The data set of a run that names none: that of the official tool. */
export const DEFAULT_DATASET: FetchedName = 'cifar10';

/** The folder in the working directory that the official tool has its data sets in. */
export const DATA_FOLDER = 'data';

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

/** The data set that a value of the option `dataset` means: by its name, or by a format of its own. */
export function knownOfChoice(choice: DatasetChoice): KnownName | null {
  const own = ENTRIES.find(([, {layouts}]) => layouts.some(({format}) => format === choice));
  return own?.[0] ?? findKnown(choice)?.name ?? null;
}

/** What the classes of a known data set of so many are called, in label order; null where that is not known. */
export function knownTitles(name: string, numClasses: number): readonly string[] | null {
  const known = findKnown(name);
  if (known?.numClasses !== numClasses) return null;
  return known.classTitles ?? (known.classes instanceof RegExp ? null : known.classes);
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
