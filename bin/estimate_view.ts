import type {MethodEstimate} from '../lib/compare/estimate.js';
import type {Estimate, EstimatePart, Shorter} from '../lib/time/estimate.js';
import {roughly} from '../lib/time/roughly.js';
import {flagName} from './flags.js';
import {alignColumns} from './output.js';
import {painted} from './terminal.js';

const NAMES: Readonly<Record<EstimatePart['part'], string>> = {
  before: 'measuring before',
  method: 'learning',
  within: 'measuring rounds',
  after: 'measuring after',
};

/** How long a run will take, what that is made of, and what would be shorter. */
export function estimateLines({seconds, parts, shorter, isAtMost}: Estimate): readonly string[] {
  const rows = parts.map((part) => [`  ${NAMES[part.part]}`, roughly(part.seconds), part.what]);
  const head = painted('note', 'time:', process.stderr);
  return [
    `${head} ${isAtMost ? 'at most about' : 'about'} ${roughly(seconds)}`,
    alignColumns(rows, 'left'),
    ...(shorter.length === 0 ? [] : [`  shorter: ${shorter.map(shorterText).join('; ')}`]),
  ];
}

function shorterText({options, seconds}: Shorter): string {
  const flags = Object.entries(options).map(([name, value]) => `${flagName(name)} ${value}`);
  const time = seconds === null ? 'less' : roughly(seconds);
  return `${flags.join(' ')} (${time})`;
}

/** How long a comparison will take, by method. */
export function compareEstimateLines({
  seconds,
  methods,
}: {
  readonly seconds: number;
  readonly methods: readonly MethodEstimate[];
}): readonly string[] {
  const rows = methods.map(({method, runs, seconds: own, isAtMost}) => [
    `  ${method}`,
    `${isAtMost ? 'at most ' : ''}${roughly(own)}`,
    runs === 1 ? '1 run' : `${runs} runs`,
  ]);
  return [
    `${painted('note', 'time:', process.stderr)} ${seconds < 1 ? '' : 'about '}${roughly(seconds)} in all`,
    alignColumns(rows, 'left'),
  ];
}
