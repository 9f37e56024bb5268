import {statSync} from 'node:fs';
import {messageOf, SauError} from '../base/errors.js';
import {readText} from '../base/read_text.js';
import {named} from '../options/named.js';
import {classBalancedSample, pythonSample} from '../random/samples.js';

/** What `clean` asks for. */
export type CleanSpec =
  /** A fraction in (0, 1] of the clean training set. */
  | {readonly kind: 'ratio'; readonly ratio: number}
  | {readonly kind: 'count'; readonly count: number}
  /** A text file of whitespace-separated positions in the clean training set. */
  | {readonly kind: 'indexFile'; readonly path: string}
  /** A folder of clean images, one subfolder per class: see loadCleanFolder. */
  | {readonly kind: 'folder'; readonly path: string};

export interface CleanSubset {
  /** Positions in the clean training set, in draw order. */
  readonly indices: Int32Array;
  /** Something the user should know about the positions; usually null. */
  readonly note: string | null;
}

const FORMS =
  'a share such as 5pct, 5% or 0.05, a number of images, an index file or a folder of images';
const NUMBER = /^([+-]?(?:\d+|\d*\.\d+)(?:e[+-]?\d+)?)(pct|%)?$/i;

function invalid(value: string | number, expected: string, cause?: unknown): SauError {
  return new SauError(
    'ERR_CONFIG',
    `Expected ${expected} for ${named('clean')} but received ${value}`,
    {
      cause,
      details: {clean: value},
    },
  );
}

function ratioSpec(ratio: number, given: string | number): CleanSpec {
  if (ratio > 0 && ratio <= 1) return {kind: 'ratio', ratio};
  throw invalid(given, 'a share above 0 and up to 1 (100%), or a whole number of images');
}

function countSpec(count: number, given: string | number): CleanSpec {
  if (count > 0 && Number.isSafeInteger(count)) return {kind: 'count', count};
  throw invalid(given, 'at least one image');
}

function pathSpec(path: string): CleanSpec {
  try {
    return {kind: statSync(path).isDirectory() ? 'folder' : 'indexFile', path};
  } catch (cause) {
    throw invalid(
      `"${path}", which is neither a number nor an existing file or folder`,
      FORMS,
      cause,
    );
  }
}

/**
 * Reads `clean`. Text that looks like a number is a number, even if a file has that name (write ./2500 for the
 * file). With %, pct or a decimal point it is a share (`1.0` = everything), otherwise a count (`1` = one image). A
 * whole number from a program is a count, so 1 is one image.
 * @throws SauError ERR_CONFIG for zero, a share above 1, or a path that does not exist
 */
export function parseCleanSpec(value: string | number): CleanSpec {
  if (typeof value === 'number') {
    return Number.isInteger(value) ? countSpec(value, value) : ratioSpec(value, value);
  }
  const text = value.trim();
  if (text === '') throw invalid('nothing', FORMS);
  const [, digits, percent] = NUMBER.exec(text) ?? [];
  if (digits === undefined) return pathSpec(text);
  const number = Number(digits);
  if (percent !== undefined) return ratioSpec(number / 100, text);
  return /^[+-]?\d+$/.test(digits) ? countSpec(number, text) : ratioSpec(number, text);
}

/** Whether text for `clean` names a file or folder instead of a share or a number. */
export function isCleanPath(text: string): boolean {
  return text.trim() !== '' && !NUMBER.test(text.trim());
}

/** How a share or a number of clean images is drawn: at random, or equally many of each class. */
export type SubsetRule = 'random' | 'balanced';

/** The labels of all clean training images, from 0 to numClasses - 1. */
export interface CleanLabels {
  readonly labels: Int32Array;
  readonly numClasses: number;
}

/** floor(n * ratio) of the product in double precision, as the official tool counts (specification B1.3). */
function countOfRatio(ratio: number, n: number): number {
  const count = Math.floor(n * ratio);
  if (count > 0) return count;
  throw invalid(ratio, `a share of at least 1/${n}, which is one image,`);
}

async function readIndexFile(path: string, n: number): Promise<CleanSubset> {
  const text = await readText(path).catch((cause: unknown) => {
    throw invalid(`${path}, which cannot be read (${messageOf(cause)})`, 'an index file', cause);
  });
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw invalid(`${path}, which is empty`, 'an index file');
  const indices = Int32Array.from(words, (word) => {
    const index = /^\d+$/.test(word) ? Number(word) : -1;
    if (index >= 0 && index < n) return index;
    throw new SauError(
      'ERR_CONFIG',
      `Expected integers from 0 to ${n - 1} in the index file ${path} but found ${word.slice(0, 40)}`,
      {details: {path, word: word.slice(0, 40), n}},
    );
  });
  const repeated = indices.length - new Set(indices).size;
  const note =
    repeated === 0 ? null : `${path} repeats ${repeated} of its indices; it is used as it is`;
  return {indices, note};
}

/**
 * Equally many images of each class, as the official tool's FT-SAM draws them (defenses E0): class by class,
 * numpy's choice for a share or a count, of which the rest that does not divide is left out.
 * @throws SauError ERR_CONFIG where there are too few of a class, or of all
 */
export function chooseBalancedSubset(
  spec: Extract<CleanSpec, {kind: 'ratio' | 'count'}>,
  {labels, numClasses}: CleanLabels,
  seed: number,
): CleanSubset {
  const count = spec.kind === 'count' ? spec.count : labels.length * spec.ratio;
  const perClass = Math.floor(count / numClasses);
  if (perClass === 0) {
    const given = spec.kind === 'count' ? count : spec.ratio;
    throw invalid(given, `one image of each of ${numClasses} classes, or more,`);
  }
  const sizes = new Int32Array(numClasses);
  for (const label of labels) sizes[label] = (sizes[label] ?? 0) + 1;
  const smallest = sizes.indexOf(sizes.reduce((a, b) => Math.min(a, b), labels.length));
  const has = sizes[smallest] ?? 0;
  if (has < perClass) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected ${perClass} clean images of each class for ${named('subset')} balanced but class ${smallest} has ${has}.`,
      {
        remedy: `Give fewer images with ${named('clean')}, or set ${named('subset')} to random.`,
        details: {perClass, label: smallest, count: has},
      },
    );
  }
  return {indices: classBalancedSample(labels, numClasses, perClass, seed), note: null};
}

/**
 * Chooses the clean subset among `n` clean training images: python's sample for a share or a count, the
 * file's own order for an index file (specification B1.3). Images poisoned by the attack may be among them.
 * @throws SauError ERR_CONFIG if the subset would be empty or larger than the set, or for a bad index file
 */
export async function chooseCleanSubset(
  spec: Exclude<CleanSpec, {kind: 'folder'}>,
  n: number,
  seed: number,
): Promise<CleanSubset> {
  if (spec.kind === 'indexFile') return readIndexFile(spec.path, n);
  const count = spec.kind === 'count' ? spec.count : countOfRatio(spec.ratio, n);
  if (count > n) throw invalid(count, `at most the ${n} images of the clean training set`);
  return {indices: pythonSample(n, count, seed), note: null};
}
