// The results as Markdown.
import {percent, secondsText as seconds, table} from './tool.mjs';

const TIMES = {wall: 'wall time', cpu: 'CPU time of each process'};

/** `result`: the object that is also written as JSON. */
export function report(result) {
  const {machine, subject, model, counts, rows, derived, agreement, peaks, options} = result;
  return [
    `## sau-native against the official procedure in PyTorch`,
    '',
    `${subject}: ${model.name}, ${model.size}x${model.size}, ${model.numClasses} classes, ` +
      `F = ${(result.flopsOfForward / 1e9).toFixed(4)} GFLOP per image; batch ${options.batch}, ` +
      `${options.clean} clean images, ${counts.cleanTest} clean and ${counts.poisonedTest} ` +
      `poisoned test images, trainee after ${options.priorRounds} round(s).`,
    '',
    `${machine.cpu}, ${machine.cores} cores, ${options.threads} thread(s) on either side, ` +
      `${machine.capability}; ${machine.gpu ?? 'no GPU'}; torch ${machine.torch}, LibTorch ` +
      `${machine.libtorch}, Node ${machine.node}; ${machine.date}; load ${machine.load.toFixed(1)} at the start.`,
    '',
    ...table(
      [
        'part',
        'package',
        'baseline',
        'baseline s',
        'package s',
        'times faster (min-max)',
        'peak MiB',
        'share',
      ],
      [...rows, ...derived].map((row) => [
        row.part,
        row.precision,
        row.baseline.precision,
        seconds(row.baseline.medianSeconds),
        seconds(row.native.medianSeconds),
        `${row.ratio.median.toFixed(2)} (${row.ratio.min.toFixed(2)}-${row.ratio.max.toFixed(2)})`,
        row.memoryShare === null
          ? '-'
          : `${row.baseline.peakMiB.toFixed(0)} -> ${row.native.peakMiB.toFixed(0)}`,
        row.memoryShare === null ? '-' : percent(row.memoryShare),
      ]),
    ),
    '',
    `Medians of ${options.repeats} alternating pairs, ${TIMES[options.clock]}; "times faster" is the median of the pairs' ratios. A baseline in tf32 has ` +
      "PyTorch's stock settings on a GPU.",
    '',
    ...table(
      [
        'part',
        'package',
        'baseline',
        'F',
        'GFLOP',
        'GFLOP/s',
        'of matmul / conv peak',
        'official work GFLOP/s',
      ],
      rows.filter((row) => row.forwards !== null).map(workRow),
    ),
    '',
    'F: forward passes of one image, baseline and package (nominal: what depends on the data is not taken ' +
      'off). Shares: of the peak measured in that precision, else in fp32. Last column: the official count over the ' +
      "package's time.",
    '',
    ...table(
      ['measured peak', 'matmul GFLOP/s', 'conv GFLOP/s'],
      ['fp32', 'tf32', 'bf16', 'fp16']
        .filter((name) => peaks[name] !== undefined)
        .map((name) => [name, giga(peaks[name].matmul), giga(peaks[name].conv)]),
    ),
    '',
    ...table(
      ['agreement', 'package', 'what', 'package and baseline', ''],
      agreement.map((row) => [
        row.part,
        row.precision,
        row.what,
        String(row.value),
        row.failure === null ? '' : `FAILED: ${row.failure}`,
      ]),
    ),
    '',
  ].join('\n');
}

function workRow({part, precision, baseline, forwards, flops, rates, shareOfPeak}) {
  const share = ({matmul, conv}) => `${percent(matmul)} / ${percent(conv)}`;
  return [
    part,
    precision,
    baseline.precision,
    `${Math.round(forwards.official)} -> ${Math.round(forwards.native)}`,
    `${giga(flops.official)} -> ${giga(flops.native)}`,
    `${giga(rates.baseline)} -> ${giga(rates.native)}`,
    `${share(shareOfPeak.baseline)} -> ${share(shareOfPeak.native)}`,
    giga(rates.nativeOfficialEquivalent),
  ];
}

function giga(value) {
  return (value / 1e9).toPrecision(4).replace(/e\+?(\d+)$/, 'e$1');
}
