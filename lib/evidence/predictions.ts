import type {ImageSet} from '../datasets/image_set.js';
import type {Evidence, Pair} from '../records/evidence.js';

/** More classes than this have no table of true by predicted class. */
const MOST_CONFUSED = 20;

/** How many clean images of each class there are and each model recognizes. */
export function cleanEvidence(
  {labels}: Pick<ImageSet, 'labels'>,
  predicted: Pair<Int32Array>,
  numClasses: number,
): NonNullable<Evidence['clean']> {
  const recognized = (of: Int32Array) => countBy(numClasses, labels, (label, i) => of[i] === label);
  return {
    total: countBy(numClasses, labels),
    recognized: {before: recognized(predicted.before), after: recognized(predicted.after)},
  };
}

/** Where each model puts the poisoned images. */
export function poisonedEvidence(
  {labels, trueLabels}: Pick<ImageSet, 'labels' | 'trueLabels'>,
  predicted: Pair<Int32Array>,
  numClasses: number,
): NonNullable<Evidence['poisoned']> {
  const both = <T>(of: (predicted: Int32Array) => T): Pair<T> => ({
    before: of(predicted.before),
    after: of(predicted.after),
  });
  return {
    targets: [...new Set(labels)].sort((a, b) => a - b),
    total: countBy(numClasses, trueLabels),
    hits: both((of) => countBy(numClasses, trueLabels, (_, i) => of[i] === labels[i])),
    recognized: both((of) => countBy(numClasses, trueLabels, (label, i) => of[i] === label)),
    predicted: both((of) => countBy(numClasses, of)),
    confusion:
      numClasses > MOST_CONFUSED
        ? null
        : both((of) =>
            Array.from({length: numClasses}, (_, row) =>
              countBy(numClasses, of, (_label, i) => trueLabels[i] === row),
            ),
          ),
  };
}

/** How often each class is there, of those that count. */
function countBy(
  numClasses: number,
  labels: Int32Array,
  counts: (label: number, position: number) => boolean = () => true,
): number[] {
  const found = new Array<number>(numClasses).fill(0);
  labels.forEach((label, i) => {
    if (counts(label, i)) found[label] = (found[label] ?? 0) + 1;
  });
  return found;
}
