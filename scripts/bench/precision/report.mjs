// The results as Markdown.
import {percent as percentOf, table} from '../tool.mjs';

/** `result`: what main.mjs also writes as JSON. */
export function report({machine, options, signs, suspects, metrics}) {
  const torch = machine.torch === null ? '' : `torch ${machine.torch}, `;
  return [
    '## What --precision changes',
    '',
    `${machine.cpu}, ${machine.cores} cores, ${options.threads} thread(s), ${machine.capability}; ` +
      `${machine.gpu ?? 'no GPU'}; ${torch}LibTorch ${machine.libtorch}, Node ${machine.node}; ${machine.date}.`,
    '',
    ...(signs === null ? [] : signsReport(signs, options)),
    ...(suspects === null ? [] : suspectsReport(suspects, options)),
    ...(metrics === null ? [] : metricsReport(metrics)),
  ].join('\n');
}

function signsReport({subject, model, rows}, {batch, priorRounds, clean}) {
  return [
    '### Signs of the gradient of delta against float64',
    '',
    `${subject}: ${model.name} of width ${model.width}; ${batch} images, trainee after ${priorRounds} ` +
      `round(s) over ${clean} images.`,
    '',
    ...table(
      [
        ...['start', 'signs of', 'same sign', 'weighted by the gradient', 'mean of the images'],
        ...['different', 'zero: both / one', 'shared: both / one'],
      ],
      rows.map((row) => [
        row.start,
        `${row.side} ${row.precision}`,
        percent(row.share),
        percent(row.massShare),
        percent(row.meanImageShare),
        `${row.elements - row.same} of ${row.elements}`,
        `${row.zeroBoth} / ${row.zeroOne}`,
        `${row.sharedBoth} / ${row.sharedOne}`,
      ]),
    ),
    '',
    "Weighted: the share of the sum of the float64 gradient's absolute values where the sign is the same; then the mean " +
      'over images of the same share within each. "both" is float64 and the row: such elements, and all elements of ' +
      'such images, are left out. What only one side has without a sign counts as a difference.',
    '',
  ];
}

function suspectsReport({subject, model, images, priorImages, rows}, {priorRounds}) {
  return [
    '### Suspects: images whose perturbation leads the reference to a wrong class other than its clean answer',
    '',
    `${subject}: ${model.name} of width ${model.width}; the same ${images} images in each row, judged in fp32; trainee ` +
      `after ${priorRounds} round(s) over ${priorImages} images.`,
    '',
    ...table(
      ['attack in', 'suspects', 'share', 'only here', 'only in fp32', 'z'],
      rows.map(({attack, suspects, share, onlyHere, onlyFp32, z}) => [
        ...[attack, suspects, percent(share), onlyHere, onlyFp32],
        z === null ? '-' : signed(z),
      ]),
    ),
    '',
    "z = (only here - only in fp32) / sqrt(their sum), as in McNemar's test: where precision makes no difference it lies " +
      'between -2 and 2 in 95 of 100 measurements. fp32 nudged is fp32 with other rounding (bound and step larger by 2^-22).',
    '',
  ];
}

function metricsReport({rounds, counts, rows, worst}) {
  const cells = ({acc, asr, ra}) => [acc, asr, ra].map(percent);
  return [
    `### The demo's defense, ${rounds} round(s)`,
    '',
    ...table(
      ['seed', 'precision', 'ACC', 'ASR', 'RA', 'ACC, ASR, RA to fp32, points', 'seconds'],
      rows.map((row) => [
        row.seed,
        row.precision ?? 'before',
        ...cells(row),
        row.points === null
          ? '-'
          : [row.points.acc, row.points.asr, row.points.ra].map(signed).join(', '),
        row.seconds === null ? '-' : row.seconds.toFixed(1),
      ]),
    ),
    '',
    'fp32 nudged: bound and step of the attack larger by 2^-22, which is rounding: what it moves is noise.',
    '',
    `${counts.clean} clean and ${counts.poisoned} poisoned test images: one is ` +
      `${(100 / counts.clean).toFixed(2)} and ${(100 / counts.poisoned).toFixed(2)} points.`,
    '',
    ...worst.map(
      ({precision, points, metric, seed}) =>
        `Worst difference of ${precision} to fp32: ${signed(points)} points (${metric.toUpperCase()}, seed ${seed}): ` +
        `${Math.abs(points) <= 1 ? 'within' : 'NOT within'} 1 point.`,
    ),
    '',
  ];
}

function signed(points) {
  return `${points > 0 ? '+' : ''}${points.toFixed(2)}`;
}

function percent(share) {
  return percentOf(share, 3);
}
