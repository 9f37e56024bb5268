import type {SplitFiles} from './dataset_files.js';
import type {LoadOptions} from './decode.js';
import {
  type ImageHeaders,
  type ImageSizes,
  readImageHeaders,
  type UnreadableImage,
} from './image_sizes.js';
import {
  type DatasetChoice,
  type FormatName,
  KNOWN,
  type KnownDataset,
  type KnownName,
} from './known.js';
import {type FoundDataset, titlesOf} from './open_dataset.js';

/** What {@link inspectDataset} tells of a data set. Plain JSON. */
export interface InspectedDataset {
  /** The folder that holds its files. */
  readonly path: string;
  /** How it lies there. */
  readonly format: FormatName;
  /** Which data set it is; null where neither the user nor the folder tells. */
  readonly name: KnownName | null;
  /** The same for people, such as CIFAR-10. */
  readonly title: string | null;
  /** Whether every image file has a header that can be read. */
  readonly usable: boolean;
  /** Why not; null if it is usable. */
  readonly because: string | null;
  /** In label order. */
  readonly classes: readonly InspectedClass[];
  /** The training split. */
  readonly train: InspectedSplit;
  /** The test split. */
  readonly test: InspectedSplit;
  /** Of the images of both splits, as they are stored. */
  readonly sizes: ImageSizes;
  /** Image files whose headers cannot be read. */
  readonly unreadable: readonly UnreadableImage[];
  /** What a run on it is told. */
  readonly options: InspectedOptions;
  /** The contact sheet that was asked for; null where none was. */
  readonly preview: string | null;
}

/** A class of a data set. */
export interface InspectedClass {
  /** As in its files, or the name of its folder. */
  readonly name: string;
  /** What it is called; its name where nothing else is known. */
  readonly title: string;
  /** Its training images. */
  readonly train: number;
  /** Its test images. */
  readonly test: number;
}

/** A split of a data set. */
export interface InspectedSplit {
  /** How many. */
  readonly images: number;
  /** Of the smallest class. */
  readonly least: number;
  /** Of the largest class. */
  readonly most: number;
  /** The labels of classes with fewer than half of the median class's images, or more than twice as many. */
  readonly unbalanced: readonly number[];
}

/** Options of a run on a data set. Those that are null must be given, unless a record tells them. */
export interface InspectedOptions {
  /** The folder. */
  readonly data: string;
  /** `auto`: the run finds out by itself. */
  readonly dataset: DatasetChoice;
  /** Side of the images in pixels. */
  readonly imageSize: number | null;
  /** Normalization in [0,1] pixel scale. */
  readonly mean: readonly [number, number, number] | null;
  /** Normalization in [0,1] pixel scale. */
  readonly std: readonly [number, number, number] | null;
}

/** Tells how far the reading of labels and of headers is. */
export interface InspectLoading {
  readonly labels: LoadOptions;
  readonly headers: LoadOptions;
}

/** Describes a data set that was found. Of image files it reads the headers alone. Throws ERR_DATASET. */
export async function describeDataset(
  found: FoundDataset,
  {data, dataset}: Pick<InspectedOptions, 'data' | 'dataset'>,
  {labels, headers}: InspectLoading,
): Promise<Omit<InspectedDataset, 'preview'>> {
  const {format, name, path, files} = found;
  const {classNames, size} = files;
  const known: KnownDataset | null = name === null ? null : KNOWN[name];
  const train = await countsOf(files.train, classNames.length, labels);
  const test = await countsOf(files.test, classNames.length, labels);
  const titles = titlesOf(files, name);
  const {sizes, unreadable} = await headersOf(found, headers);
  const hasConstants = known?.numClasses === classNames.length;
  return {
    ...{path, format: format.name, name, title: known?.title ?? null},
    ...usabilityOf(unreadable, files.train.count + files.test.count),
    classes: classNames.map((className, label) => ({
      ...{name: className, title: titles[label] ?? className},
      ...{train: train[label] ?? 0, test: test[label] ?? 0},
    })),
    ...{train: splitOf(train), test: splitOf(test), sizes, unreadable},
    options: {
      ...{data, dataset, imageSize: size?.height ?? known?.size ?? null},
      mean: hasConstants ? known.mean : null,
      std: hasConstants ? known.std : null,
    },
  };
}

/** Images by label. */
async function countsOf(
  split: SplitFiles,
  numClasses: number,
  loading: LoadOptions,
): Promise<readonly number[]> {
  const counts = new Array<number>(numClasses).fill(0);
  for (const label of await split.labels(loading)) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

function splitOf(counts: readonly number[]): InspectedSplit {
  const sorted = counts.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const isFar = (count: number): boolean => 2 * count < median || count > 2 * median;
  return {
    images: counts.reduce((sum, count) => sum + count, 0),
    least: sorted[0] ?? 0,
    most: sorted.at(-1) ?? 0,
    unbalanced: counts.flatMap((count, label) => (isFar(count) ? [label] : [])),
  };
}

async function headersOf({files}: FoundDataset, loading: LoadOptions): Promise<ImageHeaders> {
  const {size, train, test} = files;
  if (size === null) {
    return readImageHeaders([...(train.paths ?? []), ...(test.paths ?? [])], loading);
  }
  const example = {...size, file: null};
  const frequent = [{...size, images: train.count + test.count}];
  return {
    sizes: {different: 1, frequent, smallest: example, largest: example},
    unreadable: [],
  };
}

function usabilityOf(unreadable: readonly UnreadableImage[], images: number) {
  const [first] = unreadable;
  if (first === undefined) return {usable: true, because: null};
  const many = `${unreadable.length} of ${images} image files cannot be read`;
  return {usable: false, because: `${many}, the first of them ${first.file}: ${first.because}`};
}
