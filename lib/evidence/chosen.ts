import type {ImageSet} from '../datasets/image_set.js';
import {spread} from '../report/strip.js';
import type {TestSets} from '../target/test_sets.js';

/** Test images that are shown, by their positions in both sets: the same images in the same order. */
export interface Chosen {
  readonly clean: Int32Array;
  readonly poisoned: Int32Array;
}

/**
 * `count` images spread evenly over the poisoned test set and the clean ones that they were; of clean images alone
 * or of poisoned images alone likewise.
 */
export function chooseImages({cleanTest, poisonedTest}: TestSets, count: number): Chosen {
  const none = new Int32Array(0);
  if (poisonedTest === null) {
    return {clean: cleanTest === null ? none : spread(cleanTest.count, count), poisoned: none};
  }
  const poisoned = spread(poisonedTest.count, count);
  if (cleanTest === null) return {clean: none, poisoned};
  const places = placesOf(cleanTest);
  const pairs = [...poisoned].flatMap((position) => {
    const place = places.get(poisonedTest.originalIndices[position] ?? -1);
    return place === undefined ? [] : [{position, place}];
  });
  return {
    clean: Int32Array.from(pairs, ({place}) => place),
    poisoned: Int32Array.from(pairs, ({position}) => position),
  };
}

function placesOf({originalIndices}: ImageSet): ReadonlyMap<number, number> {
  return new Map(Array.from(originalIndices, (index, place) => [index, place]));
}
