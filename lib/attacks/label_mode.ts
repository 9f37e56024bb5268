import {assertNever, SauError} from '../base/errors.js';
import {named} from '../options/named.js';

/** How an attack labels poisoned images (specification B3.2). */
export type LabelMode =
  /** Every poisoned image gets the target label. */
  | {readonly kind: 'all2one'; readonly targetLabel: number}
  /** Every poisoned image gets (label + shift) mod classes. */
  | {readonly kind: 'all2all'; readonly shift: number}
  /** As all2one, but only images of the target class are poisoned, so no training label changes. */
  | {readonly kind: 'cleanLabel'; readonly targetLabel: number};

/** The name of a label mode: all2one, all2all (each class as the one after it) or cleanLabel. */
export type LabelModeKind = LabelMode['kind'];

/**
 * Checks the mode's numbers against the classes.
 * @throws SauError ERR_CONFIG for a target that is not a class, or for a shift that changes no label, as with a
 * single class
 */
export function checkLabelMode(mode: LabelMode, numClasses: number): void {
  switch (mode.kind) {
    case 'all2one':
    case 'cleanLabel':
      if (isIntegerWithin(mode.targetLabel, 0, numClasses - 1)) return;
      throw new SauError(
        'ERR_CONFIG',
        `Expected a target label from 0 to ${numClasses - 1} but received ${mode.targetLabel}. Give another ${named('targetLabel')}`,
        {details: {targetLabel: mode.targetLabel, numClasses}},
      );
    case 'all2all':
      if (isIntegerWithin(mode.shift, 1, numClasses - 1)) return;
      if (numClasses < 2) {
        throw new SauError(
          'ERR_CONFIG',
          `Expected at least two classes for all2all but received ${numClasses}. Use another data set or ${named('labelMode')}`,
          {details: {numClasses}},
        );
      }
      throw new SauError(
        'ERR_CONFIG',
        `Expected a label shift from 1 to ${numClasses - 1} but received ${mode.shift}`,
        {details: {shift: mode.shift, numClasses}},
      );
    default:
      assertNever(mode);
  }
}

function isIntegerWithin(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

/** The attack's label for an image with this true label. */
export function attackLabelOf(label: number, mode: LabelMode, numClasses: number): number {
  switch (mode.kind) {
    case 'all2one':
    case 'cleanLabel':
      return mode.targetLabel;
    case 'all2all':
      return (label + mode.shift) % numClasses;
    default:
      return assertNever(mode);
  }
}

/**
 * Positions of the test images to poison (specification B2): with a target, every image with another true label;
 * for all-to-all, every image.
 */
export function poisonTestSelection(labels: Int32Array, mode: LabelMode): Int32Array {
  const positions = Int32Array.from(labels.keys());
  switch (mode.kind) {
    case 'all2one':
    case 'cleanLabel':
      return positions.filter((i) => labels[i] !== mode.targetLabel);
    case 'all2all':
      return positions;
    default:
      return assertNever(mode);
  }
}
