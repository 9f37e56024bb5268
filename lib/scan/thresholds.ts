import type {StatisticName} from '../records/scan_summary.js';

/** Classes below which the outlier rule says nothing. */
export const FEWEST_CLASSES = 5;

/** Share of the images that must lead to a class before `shared` names it (scan G2). */
export const LEAST_SHARED_RATE = 0.5;

/**
 * Added to the deviation of the logarithms of `latent`'s sizes: in some models the sizes of all classes but one lie so
 * close together that a class only a fifth smaller would be an outlier.
 */
export const LATENT_DEVIATION = 0.25;

/** Those of the statistics' authors, which alarm on many clean models. */
export const OFFICIAL_THRESHOLDS = {nc: 2, mmbd: 0.05} as const;

/** Where the thresholds come from; docs/scan.md says more. */
export const CALIBRATION: Readonly<Record<StatisticName, string>> = {
  latent: 'twenty clean models, whose largest index is 0.38',
  nc: 'twenty clean models, whose largest index is 7.22',
  mmbd: 'twenty clean models, whose smallest p-value is 9.1e-13',
  shared: 'none: clean models reach any index',
  universal: 'none: clean models reach any index',
};

/** Anomaly indices, but of `mmbd` a p-value, from {@link CALIBRATION}. */
export const THRESHOLDS: Readonly<Record<StatisticName, number>> = {
  latent: 0.5,
  nc: 7.3,
  mmbd: 5e-13,
  shared: 5,
  universal: 5,
};
