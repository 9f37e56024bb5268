// The results as Markdown.
import {percent, secondsText as seconds, table} from '../tool.mjs';
import {BASE, BATCH} from './plan.mjs';

/** Rounds that the table shows, and the last one. */
const SHOWN_ROUNDS = [1, 2, 5, 10, 20, 30, 40, 50];

/** `result`: what growth.mjs also writes as JSON. */
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

/** Without "-0.000". */
export function mib(value) {
  return (Math.round(value * 1000) / 1000 + 0).toFixed(3);
}
