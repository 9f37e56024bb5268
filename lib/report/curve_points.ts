import type {Metrics} from '../run/metrics.js';
import type {RoundReport} from '../run/results.js';
import type {Figure} from './round_columns.js';

export interface CurvesInput {
  /** The metrics before the first round, drawn at 0. */
  readonly before: Metrics | null;
  readonly rounds: readonly RoundReport[];
  /** The metrics of the result, drawn at the last round where that was not measured by itself. */
  readonly after: Metrics | null;
  readonly title: string;
  /** What the rounds report. */
  readonly figures: readonly Figure[];
  /** Whose losses they are, such as "unlearning". */
  readonly stage: string;
  /** The unit of the horizontal axis. */
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

/** Blue, vermilion, green and gray of Okabe and Ito's palette, which color-blind readers can distinguish. */
const BLUE = '#0072b2';
const VERMILION = '#d55e00';
const GREEN = '#007d5a';
const GRAY = '#4d4d4d';

/** ACC, ASR and RA in percent; a series that was never measured is left out. */
export function rateSeries({before, rounds, after}: CurvesInput): CurveSeries[] {
  const measured = [
    ...(before === null ? [] : [{x: 0, metrics: before}]),
    ...rounds.flatMap(({round, metrics}, i) => {
      const known = metrics ?? (i === rounds.length - 1 ? after : null);
      return known === null ? [] : [{x: round + 1, metrics: known}];
    }),
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

const LOSS_STYLES = [
  {color: GRAY, shape: 'circle'},
  {color: BLUE, shape: 'square'},
  {color: VERMILION, shape: 'diamond'},
  {color: GREEN, shape: 'circle'},
] as const;

/** The losses that are drawn. Those that are not finite are gaps. */
export function lossSeries({figures, rounds}: CurvesInput): CurveSeries[] {
  const drawn = figures.filter(({unit, drawn}) => unit === 'loss' && drawn);
  return drawn.flatMap(({name, label}, i) => {
    const points = rounds.flatMap(({round, figures: {[name]: y}}) =>
      typeof y === 'number' && Number.isFinite(y) ? [{x: round + 1, y}] : [],
    );
    const style = LOSS_STYLES[i % LOSS_STYLES.length] ?? LOSS_STYLES[0];
    return points.length === 0 ? [] : [{name: label, points, ...style}];
  });
}

/** A label at the end of a line. It is drawn at `at`, away from its neighbors. */
export interface EndLabel {
  readonly text: string;
  readonly color: string;
  readonly at: number;
}

/**
 * Labels for the ends of the lines, at least `gap` apart (in units of y) and inside [low, high]. They are pushed up
 * from the bottom, then down from the top.
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
