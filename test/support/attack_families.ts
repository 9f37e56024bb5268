import {join} from 'node:path';
import {ATTACK_KINDS, type AttackKind} from '../../lib/options/attacks/attacks.js';
import type {AttackOptions} from '../../lib/options/documented.js';
import {numpyChoiceWithoutReplacement} from '../../lib/random/samples.js';
import {TRAIN_COUNT, VICTIM, type World} from './world.js';

const BATCH = VICTIM.batchSize;
/** Of the whole set, and of each batch where every batch is poisoned. */
const RATE = 0.1;
const BATCH_RATE = 0.25;
const PER_CLASS = TRAIN_COUNT / 10;

export interface Family {
  readonly kind: AttackKind;
  readonly options: object;
  /** Training images that the record marks, in ascending order. */
  readonly marked: readonly number[];
  /** Those of them that carry the trigger: the others are disturbed and keep their label. */
  readonly poisoned: readonly number[];
  readonly hasCross: boolean;
}

const ascending = (indices: Iterable<number>): number[] => [...indices].sort((a, b) => a - b);

/** Of any label. */
function dirtyLabel(kind: AttackKind, options: object = {}): Family {
  const poisoned = ascending(numpyChoiceWithoutReplacement(TRAIN_COUNT, RATE * TRAIN_COUNT, 0));
  return {kind, options, marked: poisoned, poisoned, hasCross: false};
}

/** Of the target class, whose images come first. */
function cleanLabel(kind: AttackKind, rate: number, options: object = {}): Family {
  const poisoned = ascending(numpyChoiceWithoutReplacement(PER_CLASS, rate * TRAIN_COUNT, 0));
  return {kind, options, marked: poisoned, poisoned, hasCross: false};
}

/** The first images of each batch: a quarter poisoned, after them `cross(batch size, poisoned ones)`. */
function inBatches(
  kind: AttackKind,
  cross: (batch: number, poisoned: number) => number,
  options: object = {},
): Family {
  const shares = (index: number) => {
    const batch = Math.min(BATCH, TRAIN_COUNT - (index - (index % BATCH)));
    const poisoned = Math.floor(BATCH_RATE * batch);
    return {at: index % BATCH, poisoned, marked: poisoned + cross(batch, poisoned)};
  };
  const all = Array.from({length: TRAIN_COUNT}, (_, index) => index);
  return {
    ...{kind, hasCross: true, options: {poisonRate: BATCH_RATE, ...options}},
    marked: all.filter((index) => shares(index).at < shares(index).marked),
    poisoned: all.filter((index) => shares(index).at < shares(index).poisoned),
  };
}

/** Frequencies that a 16x16 image does not have. */
const LARGE = {imageSize: 32} as const;

/** Every attack with its fewest steps. */
export function familiesOf(world: World): readonly Family[] {
  const cleanModel = join(world.folder, 'record', 'badnet');
  const families: Readonly<Record<AttackKind, Family>> = {
    badnet: dirtyLabel('badnet'),
    blended: dirtyLabel('blended'),
    sig: cleanLabel('sig', RATE),
    lf: dirtyLabel('lf', {cleanModel, passes: 1}),
    ssba: dirtyLabel('ssba', {encoderEpochs: 1}),
    lc: cleanLabel('lc', RATE, {cleanModel, pgdSteps: 2}),
    ftrojan: dirtyLabel('ftrojan', LARGE),
    ctrl: cleanLabel('ctrl', 0.05, LARGE),
    wanet: inBatches('wanet', (_, poisoned) => 2 * poisoned),
    inputaware: inBatches('inputaware', (_, poisoned) => poisoned, {
      ...{epochs: 2, maskEpochs: 1, generatorWidth: 4},
    }),
    trojannn: dirtyLabel('trojannn', {cleanModel, triggerSteps: 5}),
    bpp: inBatches('bpp', (batch) => Math.floor(0.1 * batch)),
  };
  return ATTACK_KINDS.map((kind) => families[kind]);
}

/** The attack of a family, into the record root of the world. */
export function attackOf({kind, options}: Family, world: World): AttackOptions {
  const out = join(world.folder, 'record', kind);
  return {
    ...VICTIM,
    epochs: 1,
    evalEvery: 0,
    data: world.data,
    ...options,
    kind,
    out,
  } as AttackOptions;
}
