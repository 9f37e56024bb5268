// Figures of a dimension from its points' measurements, and the results as Markdown.
import {mean, median} from '../statistics.mjs';
import {percent, secondsText as seconds, table} from '../tool.mjs';
import {BASE, BATCH} from './plan.mjs';

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

/** Slope of the least-squares line. */
function slope(x, y) {
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i] - meanY), 0);
  return covariance / x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
}

/** Rounds that the table shows; it also shows the last one. */
const SHOWN_ROUNDS = [1, 2, 5, 10, 20, 30, 40, 50];

/** `result`: the object that is also written as JSON. */
export function report({machine, options, nets, dimensions}) {
  const accuracies = nets.map(({trainAcc}) => trainAcc);
  return [
    '## Cost as the work grows',
    '',
    `One round of a PreAct-ResNet18 of width ${options.width} in batches of ${BATCH}; what does not grow: ` +
      `${BASE.images} clean images of ${BASE.side}x${BASE.side} in ${BASE.classes} classes. The nets were trained on ` +
      `drawn patterns to ${percent(Math.min(...accuracies))} to ${percent(Math.max(...accuracies))}.`,
    '',
    `${machine.cpu}, ${machine.cores} cores, ${options.threads} thread(s); LibTorch ${machine.libtorch}, Node ` +
      `${machine.node}; ${machine.date}; load ${machine.load.toFixed(1)} at the start. Medians of ${options.repeats} ` +
      'processes for each point; memory is the whole process, resident. Suspects: images whose perturbation fools the ' +
      'reference; only they go through the trainee again, so that the seconds depend on their share.',
    '',
    ...dimensions.flatMap(section),
  ].join('\n');
}

function section(dimension) {
  const isRounds = dimension.key === 'rounds';
  return [
    `### ${dimension.title}`,
    '',
    ...(isRounds ? roundsTable(dimension) : sizesTable(dimension)),
    '',
    ...(isRounds ? roundsWords(dimension) : sizesWords(dimension)),
    '',
  ];
}

function sizesTable({title, rows}) {
  return table(
    [title, 'seconds (min-max)', 'peak MiB', 'before the round', 'suspects'],
    rows.map((row) => [
      row.size,
      `${seconds(row.seconds)} (${seconds(row.fastest)}-${seconds(row.slowest)})`,
      row.peakMiB.toFixed(0),
      row.restMiB.toFixed(0),
      percent(row.suspectShare),
    ]),
  );
}

function sizesWords({rows, unit, exponent, slope}) {
  const [from, to] = [rows[0], rows.at(-1)];
  return [
    `Seconds grow with exponent ${exponent.toFixed(2)} (${(to.size / from.size).toFixed(1)} times the size: ` +
      `${(to.seconds / from.seconds).toFixed(2)} times the seconds), peak memory by ${mib(slope)} MiB per ${unit}.`,
  ];
}

function roundsTable({rows}) {
  const shown = rows.filter(({size}) => SHOWN_ROUNDS.includes(size) || size === rows.length);
  return table(
    ['round', 'seconds', 'resident MiB after it', 'peak MiB in it', 'suspects'],
    shown.map((row) => [
      row.size,
      seconds(row.seconds),
      row.residentMiB.toFixed(1),
      row.peakMiB.toFixed(1),
      percent(row.suspectShare),
    ]),
  );
}

function roundsWords({rows, first, exponent, slope, peakSlope}) {
  return [
    `From round ${first + 1} to ${rows.length}: resident memory grows by ${mib(slope)} MiB per round, the peak by ` +
      `${mib(peakSlope)} MiB per round, the seconds with exponent ${exponent.toFixed(2)}.`,
  ];
}

/** Never gives "-0.000". */
export function mib(value) {
  return (Math.round(value * 1000) / 1000 + 0).toFixed(3);
}
