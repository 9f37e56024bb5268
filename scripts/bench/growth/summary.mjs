// Figures of a dimension from its points' measurements.
import {median} from '../statistics.mjs';

/** Rounds left out of the fits: the allocator and the caches are still settling. */
const SETTLING = 15;

/**
 * {key, title, unit, rows, first, exponent, slope}. rows: [{size, seconds, fastest, slowest, restMiB, peakMiB,
 * suspectShare}], medians over the repeats; in `rounds` one row a round with residentMiB. exponent: slope of
 * log seconds against log size; slope: MiB of peak memory (rounds: of resident memory) per unit.
 */
export function summarizeDimension({key, title, unit, points}, measured) {
  const rows =
    key === 'rounds'
      ? measured[0][0].rounds.map((_, i) => ({
          size: i + 1,
          ...medians(measured[0].map(({rounds, restMiB}) => ({...rounds[i], restMiB}))),
        }))
      : points.map((point, i) => ({size: point[key], ...medians(measured[i])}));
  const first = key === 'rounds' ? Math.min(SETTLING, Math.floor(rows.length / 2)) : 0;
  const fitted = rows.slice(first);
  const memory = key === 'rounds' ? 'residentMiB' : 'peakMiB';
  const log = (values) => values.map(Math.log);
  const column = (name) => fitted.map((row) => row[name]);
  return {
    ...{key, title, unit, rows, first},
    exponent: slope(log(column('size')), log(column('seconds'))),
    slope: slope(column('size'), column(memory)),
    peakSlope: slope(column('size'), column('peakMiB')),
  };
}

function medians(repeats) {
  const names = Object.keys(repeats[0]);
  const seconds = repeats.map((repeat) => repeat.seconds);
  return {
    ...Object.fromEntries(names.map((name) => [name, median(repeats.map((r) => r[name]))])),
    fastest: Math.min(...seconds),
    slowest: Math.max(...seconds),
  };
}

/** Of the least-squares line. */
function slope(x, y) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i] - meanY), 0);
  return covariance / x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
}
