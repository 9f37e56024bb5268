import type {Metrics} from '../metrics.js';
import type {RoundReport} from '../results.js';

export interface CurvesInput {
  /** Measured before the first round; drawn at 0. */
  readonly before: Metrics | null;
  readonly rounds: readonly RoundReport[];
  readonly title: string;
  /** What the horizontal axis counts. */
  readonly unit?: 'round' | 'epoch';
}

/** `x` is 0 before the first round and 1 after it. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}

export interface CurveSeries {
  readonly name: string;
  readonly color: string;
  readonly shape: 'circle' | 'square' | 'diamond';
  readonly points: readonly CurvePoint[];
}

/** Blue, vermilion, green and grey of Okabe and Ito's palette: distinct to colour-blind readers. */
const BLUE = '#0072b2';
const VERMILION = '#d55e00';
const GREEN = '#007d5a';
const GREY = '#4d4d4d';

/** ACC, ASR and RA in percent; a series that was never measured is left out. */
export function rateSeries(input: CurvesInput): CurveSeries[] {
  const measured = [
    ...(input.before === null ? [] : [{x: 0, metrics: input.before}]),
    ...input.rounds.flatMap(({round, metrics}) =>
      metrics === null ? [] : [{x: round + 1, metrics}],
    ),
  ];
  const series = (name: string, key: 'acc' | 'asr' | 'ra', color: string) => ({
    name,
    color,
    points: measured.flatMap(({x, metrics}) => {
      const rate = metrics[key];
      return rate === null ? [] : [{x, y: 100 * rate}];
    }),
  });
  return [
    {...series('ACC', 'acc', BLUE), shape: 'circle' as const},
    {...series('ASR', 'asr', VERMILION), shape: 'square' as const},
    {...series('RA', 'ra', GREEN), shape: 'diamond' as const},
  ].filter(({points}) => points.length > 0);
}

/** The losses of unlearning, or the one loss of training. Losses that are not finite are gaps. */
export function lossSeries(input: CurvesInput): CurveSeries[] {
  const series = (key: 'loss' | 'cleanLoss' | 'sharedLoss') =>
    input.rounds.flatMap((report) =>
      Number.isFinite(report[key]) ? [{x: report.round + 1, y: report[key]}] : [],
    );
  const all: CurveSeries[] = [
    {name: 'loss', color: GREY, shape: 'circle', points: series('loss')},
    {name: 'clean CE', color: BLUE, shape: 'square', points: series('cleanLoss')},
    {name: 'shared risk', color: VERMILION, shape: 'diamond', points: series('sharedLoss')},
  ];
  const shown = input.unit === 'epoch' ? all.slice(0, 1) : all;
  return shown.filter(({points}) => points.length > 0);
}

/** A label at the end of a line; `at` is where it is drawn, moved away from its neighbours. */
export interface EndLabel {
  readonly text: string;
  readonly color: string;
  readonly at: number;
}

/**
 * Labels for the ends of the lines, at least `gap` apart (in units of y) and inside [low, high]:
 * pushed up from the bottom, then down from the top.
 */
export function endLabels(
  series: readonly CurveSeries[],
  format: (y: number) => string,
  gap: number,
  low: number,
  high: number,
): EndLabel[] {
  const labels = series
    .flatMap(({name, color, points}) => {
      const last = points.at(-1);
      return last === undefined ? [] : [{text: `${name} ${format(last.y)}`, color, at: last.y}];
    })
    .sort((a, b) => a.at - b.at);
  let floor = low;
  for (const label of labels) {
    label.at = Math.max(label.at, floor);
    floor = label.at + gap;
  }
  let ceiling = high;
  for (const label of labels.reverse()) {
    label.at = Math.min(label.at, ceiling);
    ceiling = label.at - gap;
  }
  return labels;
}
