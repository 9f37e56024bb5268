import {describe, expect, it} from 'vitest';
import {fitGamma, gammaCdf, gammaTail} from '../../../lib/scan/gamma.js';
import {pValueOf} from '../../../lib/scan/judge.js';
import {expectGolden} from '../../support/golden_steps.js';

const NATURAL = [10, 11, 12, 9.5, 10.5, 11.5, 12.5, 9, 10.2, 13.5];
const OUTLYING = [5.1, 6.3, 4.9, 7.2, 5.8, 6.1, 5.5, 6.9, 5.2, 9.9];

describe('the gamma fit of the other margins', () => {
  it.each([
    ['a class that is near the others', NATURAL, [95.7058, 0.1116849], 0.07695701],
    ['a class that is far from them', OUTLYING, [61.4534, 0.0958269], 3.428689e-5],
  ])('has the golden values for %s', (_, margins, shapeAndScale, pValue) => {
    const fit = fitGamma(margins.slice(0, -1));
    expectGolden('fit', [fit?.shape ?? 0, fit?.scale ?? 0], shapeAndScale);
    expectGolden('p', [pValueOf(margins) ?? 0], [pValue]);
  });

  it('does not depend on which class has the largest margin', () => {
    expect(pValueOf(OUTLYING.toReversed())).toBeCloseTo(pValueOf(OUTLYING) ?? 0, 12);
  });

  it('is not possible for margins that are not above 0, for equal ones and for fewer than five classes', () => {
    expect(pValueOf([-1, ...NATURAL])).toBeNull();
    expect(pValueOf([3, 3, 3, 3, 3, 9])).toBeNull();
    expect(pValueOf(NATURAL.slice(0, 4))).toBeNull();
    expect(pValueOf([null, ...NATURAL])).toBeNull();
  });
});

describe('the gamma distribution', () => {
  it('is the exponential one for shape 1', () => {
    for (const x of [0.01, 0.5, 1.9, 2.1, 30]) {
      expectGolden('tail', [gammaTail({shape: 1, scale: 2}, x)], [Math.exp(-x / 2)]);
      expectGolden('cdf', [gammaCdf({shape: 1, scale: 2}, x)], [-Math.expm1(-x / 2)]);
    }
  });

  it('has the closed form of whole shapes on both sides of the series and the fraction', () => {
    for (const x of [0.5, 3.9, 4.1, 12]) {
      const terms = [1, x, x ** 2 / 2, x ** 3 / 6, x ** 4 / 24];
      const tail = Math.exp(-x) * terms.reduce((sum, term) => sum + term, 0);
      expectGolden('tail', [gammaTail({shape: 5, scale: 1}, x)], [tail]);
    }
  });

  it('begins at 0', () => {
    expect(gammaCdf({shape: 3, scale: 1}, 0)).toBe(0);
    expect(gammaTail({shape: 3, scale: 1}, -1)).toBe(1);
  });
});
