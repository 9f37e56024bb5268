import type {ImageSizes, SizeExample} from '../lib/datasets/image_sizes.js';
import type {
  InspectedClass,
  InspectedDataset,
  InspectedOptions,
  InspectedSplit,
} from '../lib/datasets/inspect_dataset.js';
import {labelText} from '../lib/datasets/label_text.js';
import {flagName} from './flags.js';

/** So many classes are listed; of more the first ones. */
const MOST_CLASSES = 20;
/** So many files, sizes or odd classes are listed. */
const MOST_LISTED = 5;

/** What is known of a data set, as a tree of lines. */
export function datasetView(dataset: InspectedDataset): object {
  const {path, format, name, title, classes, train, test, sizes, unreadable, preview} = dataset;
  const list = classes.map((each, label) => labelText(label, each.title));
  return {
    ...{path, format},
    'data set': title === null ? 'none that is known by name' : `${title} (${name})`,
    splits: {
      train: splitText(train, (label) => countText(label, classes, 'train')),
      test: splitText(test, (label) => countText(label, classes, 'test')),
    },
    classes: `${classes.length}: ${folded(list, MOST_CLASSES)}`,
    'stored height x width': sizeText(sizes),
    ...(unreadable.length === 0
      ? {}
      : {
          unreadable: Object.fromEntries(
            unreadable.slice(0, MOST_LISTED).map(({file, because}) => [file, because]),
          ),
        }),
    'a run takes': optionsView(dataset.options),
    ...(preview === null ? {} : {preview}),
  };
}

function splitText(
  {images, least, most, unbalanced}: InspectedSplit,
  of: (label: number) => string,
) {
  const each = least === most ? `${least} of each class` : `${least} to ${most} of each class`;
  const far = unbalanced.map(of);
  const odd = far.length === 0 ? '' : `; unbalanced: ${folded(far, MOST_LISTED)}`;
  return `${images} images, ${each}${odd}`;
}

/** "14 (Stop) has 780". */
function countText(
  label: number,
  classes: readonly InspectedClass[],
  split: 'train' | 'test',
): string {
  const own = classes[label];
  return `${labelText(label, own?.title)} has ${own?.[split] ?? 0}`;
}

function sizeText({different, frequent, smallest, largest}: ImageSizes): object | string {
  const [first] = frequent;
  if (first === undefined || smallest === null || largest === null) return 'none can be read';
  if (different === 1) return sides(first);
  const counts = frequent.map((size) => `${sides(size)} has ${size.images}`);
  return {
    smallest: exampleText(smallest),
    largest: exampleText(largest),
    [`of ${different}`]: folded(counts, MOST_LISTED, different),
  };
}

function exampleText({file, ...size}: SizeExample): string {
  return file === null ? sides(size) : `${sides(size)}, such as ${file}`;
}

function sides({height, width}: {readonly height: number; readonly width: number}): string {
  return `${height} x ${width}`;
}

function optionsView({data, dataset, imageSize, mean, std}: InspectedOptions): object {
  const scale = mean === null || std === null ? null : [mean.join(), std.join()];
  const unknown = "not known: the record's, or what the model was trained with";
  return {
    [flagName('data')]: data,
    [flagName('dataset')]: dataset === 'auto' ? 'not needed' : dataset,
    [flagName('imageSize')]: imageSize ?? unknown,
    [`${flagName('mean')} and ${flagName('std')}`]: scale?.join(' and ') ?? unknown,
  };
}

/** The first ones, and how many more there are. */
function folded(items: readonly string[], most: number, total = items.length): string {
  const shown = items.slice(0, most);
  const more = total - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}
