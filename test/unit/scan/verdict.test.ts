import {describe, expect, it} from 'vitest';
import {parseScanConfig} from '../../../lib/options/config.js';
import type {ScanStatistic, StatisticName} from '../../../lib/records/scan_summary.js';
import {judge, scaleOf, thresholdOf} from '../../../lib/scan/judge.js';
import {THRESHOLDS} from '../../../lib/scan/thresholds.js';
import {scanVerdict} from '../../../lib/scan/verdict.js';

const PASSES = {forward: 1, backward: 1};
const config = (given: object = {}) => parseScanConfig({ckpt: 'model.pt', ...given});

function judged(
  name: StatisticName,
  classes: Record<string, number>[],
  options: object = {},
): ScanStatistic {
  return judge({
    ...{name, classTitles: null, seconds: 1},
    findings: {classes, pictures: [], passes: PASSES},
    threshold: thresholdOf(name, config(options)),
    scale: scaleOf(name, config(options)),
  });
}

const SIZES = [60, 70, 80, 62, 75, 66, 71, 64, 69];

/** Triggers of such sizes, all of which work unless `failed` names their class. */
function nc(sizes: readonly number[], failed: readonly number[] = [], options: object = {}) {
  const classes = sizes.map((norm, label) => ({norm, succeeded: failed.includes(label) ? 0 : 1}));
  return judged('nc', classes, options);
}

function mmbd(margins: readonly number[]) {
  return judged(
    'mmbd',
    margins.map((margin) => ({margin})),
  );
}

/** Sizes at the three places of a network, those of one class times a factor at each. */
function latent(label: number, factors: readonly [number, number, number], options: object = {}) {
  const places = ['sizeAtHalf', 'sizeAtThreeQuarters', 'sizeAtEnd'] as const;
  const classes = SIZES.map((size, at) => {
    const own = places.map((place, k) => [place, (at === label ? (factors[k] ?? 1) : 1) * size]);
    return {...Object.fromEntries(own), size};
  });
  return judged('latent', classes, options);
}

const MARGINS = [10, 11, 12, 9.5, 10.5, 11.5, 12.5, 9, 10.2, 10.1];
const far = (margins: readonly number[], label: number) => margins.with(label, 60);

describe('the threshold of a statistic', () => {
  it('is the calibrated one, that of its authors in the compatible mode, or the user’s', () => {
    expect(thresholdOf('nc', config()).value).toBe(THRESHOLDS.nc);
    expect(thresholdOf('nc', config({compat: 'reference'})).value).toBe(2);
    expect(thresholdOf('nc', config({compat: 'reference', ncThreshold: 3})).value).toBe(3);
    expect(thresholdOf('mmbd', config({compat: 'reference'}))).toMatchObject({
      kind: 'pValue',
      value: 0.05,
    });
    expect(thresholdOf('mmbd', config()).value).toBe(THRESHOLDS.mmbd);
  });

  it('says what it was calibrated on', () => {
    expect(thresholdOf('nc', config()).calibration).toContain('twenty clean models');
    expect(thresholdOf('nc', config({ncThreshold: 3})).calibration).toBe('given by the user');
  });
});

describe('one statistic', () => {
  it('names a class whose trigger is far smaller, and none where they are alike', () => {
    expect(nc([5, ...SIZES]).labels).toEqual([0]);
    expect(nc([61, ...SIZES]).labels).toEqual([]);
    expect(nc([300, ...SIZES]).labels).toEqual([]);
  });

  it('compares sizes of triggers by factors, and as the official tool in its compatible mode', () => {
    const spread = [11, 227, 78, 284, 328, 303, 196, 173, 249, 485];
    expect(nc(spread)).toMatchObject({scale: 'log', labels: [0]});
    const linear = nc(spread, [], {compat: 'reference'});
    expect(linear.scale).toBe('linear');
    expect(Number(linear.maxIndex)).toBeLessThan(3);
  });

  it('leaves out a class whose trigger does not work, and says so', () => {
    const found = nc([5, ...SIZES], [0]);
    expect(found.labels).toEqual([]);
    expect(found.classes[0]).toMatchObject({value: null, index: null});
    expect(found.notes.join()).toContain('class 0');
  });

  it('says nothing of fewer than five classes that have a value', () => {
    const found = nc([5, ...SIZES], [1, 2, 3, 4, 5, 6]);
    expect(found.maxIndex).toBeNull();
    expect(found.labels).toEqual([]);
    expect(found.notes.join()).toContain('fewer than 5');
  });

  it('names a class that is ahead of the next in the changes of inner values, at whatever place', () => {
    for (const factors of [
      [0.25, 1, 1],
      [1, 1, 0.25],
      [0.5, 0.5, 0.5],
    ] as const) {
      expect(latent(4, factors).labels).toEqual([4]);
    }
    expect(latent(4, [0.9, 0.9, 0.9]).labels).toEqual([]);
    expect(latent(4, [4, 4, 4]).labels).toEqual([]);
    expect(latent(0, [0.9, 0.9, 0.9]).labels).toEqual([]);
    expect(latent(0, [0.9, 0.9, 0.9], {latentThreshold: 0.1}).labels).toEqual([0]);
  });

  it('gives one class alone an index above 0 in the changes of inner values', () => {
    const {classes, maxIndex} = latent(4, [0.5, 0.5, 0.5]);
    expect(classes.filter(({index}) => Number(index) > 0).map(({label}) => label)).toEqual([4]);
    expect(maxIndex).toBe(classes[4]?.index);
    // Indices of the logarithms by hand: median ln 66, deviation 1.4826 ln(66 / 62) + 0.25.
    const deviation = 1.4826 * Math.log(66 / 62) + 0.25;
    const own = Math.log(66 / (0.5 * 75)) / deviation;
    const next = Math.log(66 / 60) / deviation;
    expect(maxIndex).toBeCloseTo(own - next, 12);
  });

  it('leaves out a class that no change of inner values leads to', () => {
    const classes = SIZES.map((size, at) => ({
      ...{sizeAtHalf: at === 0 ? Number.NaN : size, sizeAtEnd: size},
      size: at === 0 ? Number.NaN : size,
    }));
    const found = judged('latent', classes);
    expect(found.classes[0]).toMatchObject({value: null, index: null, figures: {sizeAtEnd: 60}});
    expect(found.notes.join()).toContain('left out class 0');
    const none = judged(
      'latent',
      SIZES.map(() => ({size: Number.NaN})),
    );
    expect(none).toMatchObject({maxIndex: null, labels: []});
    expect(scanVerdict([none])).toMatchObject({state: 'none'});
  });

  it('names the class of the largest margin by its p-value, and has no p-value for negative margins', () => {
    const found = mmbd(far(MARGINS, 3));
    expect(found.labels).toEqual([3]);
    expect(found.pValue).toBeLessThan(1e-6);
    expect(mmbd(MARGINS).labels).toEqual([]);
    const negative = mmbd(far(MARGINS, 3).with(0, -1));
    expect(negative).toMatchObject({pValue: null, labels: []});
    expect(negative.maxIndex).toBeGreaterThan(5);
    expect(negative.notes.join()).toContain('not above 0');
  });

  it('names a class by shared adversarial labels only where half of the images lead to it', () => {
    const rates = (largest: number) =>
      judged(
        'shared',
        [largest, 0.02, 0.05, 0.04, 0.08, 0.03, 0.06, 0.1].map((rate) => ({rate})),
      );
    expect(rates(0.6).labels).toEqual([0]);
    expect(rates(0.45).labels).toEqual([]);
    expect(Number(rates(0.45).maxIndex)).toBeGreaterThan(THRESHOLDS.shared);
  });
});

describe('the verdict', () => {
  it('is suspicious where one statistic passes, with its class', () => {
    const verdict = scanVerdict([mmbd(MARGINS), nc([5, ...SIZES])]);
    expect(verdict).toMatchObject({state: 'suspicious', labels: [0], by: ['nc']});
    expect(verdict.words).toContain('nc names class 0');
  });

  it('has the class that two statistics agree on, else both', () => {
    const sizes = [5, ...SIZES];
    const agreed = scanVerdict([mmbd(far(MARGINS, 0)), nc(sizes)]);
    expect(agreed).toMatchObject({labels: [0], by: ['mmbd', 'nc']});
    const apart = scanVerdict([mmbd(far(MARGINS, 4)), nc(sizes)]);
    expect(apart.labels).toEqual([0, 4]);
    expect(apart.words).toContain('different');
  });

  it('is that nothing was found where none passes, and says that this does not mean clean', () => {
    const verdict = scanVerdict([mmbd(MARGINS), nc([61, ...SIZES])]);
    expect(verdict).toMatchObject({state: 'nothing-found', labels: [], by: []});
    expect(verdict.words).toContain('never means clean');
    expect(verdict.words).toContain('WaNet');
  });

  it('does not go by a statistic that only orders the classes', () => {
    const rates = [0.9, 0.02, 0.05, 0.04, 0.08, 0.03, 0.06, 0.1].map((rate) => ({rate}));
    const universal = judged('universal', rates);
    expect(universal.labels).toEqual([0]);
    expect(scanVerdict([universal, mmbd(MARGINS)]).state).toBe('nothing-found');
    expect(scanVerdict([universal])).toMatchObject({state: 'none'});
  });

  it('is none for fewer than five classes', () => {
    const verdict = scanVerdict([mmbd(MARGINS.slice(0, 4)), nc(SIZES.slice(0, 4))]);
    expect(verdict).toMatchObject({state: 'none', labels: []});
    expect(verdict.words).toContain('4 classes are too few');
  });
});
