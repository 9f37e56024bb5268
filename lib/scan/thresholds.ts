import type {StatisticName} from '../records/scan_summary.js';

/** Classes below which the outlier rule says nothing. */
export const FEWEST_CLASSES = 5;

/** Share of the images that must lead to a class before `shared` names it (scan G2). */
export const LEAST_SHARED_RATE = 0.5;

/** What Neural Cleanse's authors take, on which the official tool relies; it alarms on many clean models. */
export const REFERENCE_NC_THRESHOLD = 2;

/** Where the thresholds come from; docs/scan.md says more. */
export const CALIBRATION: Readonly<Record<StatisticName, string>> = {
  nc: 'no models yet: the index that 5 % of ten values from one normal distribution pass, by simulation',
  mmbd: "no models yet: its authors' p-value",
  shared: 'no models yet: a start',
  universal: 'no models yet: a start',
};

/** Anomaly indices, but of `mmbd` a p-value, from {@link CALIBRATION}. */
export const THRESHOLDS: Readonly<Record<StatisticName, number>> = {
  nc: 4.7,
  mmbd: 0.05,
  shared: 5,
  universal: 5,
};
