import type {MapView} from '../../../records/evidence.js';
import type {RunDataset} from '../../../records/run_summary.js';
import {type Html, html, type Piece} from '../html.js';
import type {ReportedRun} from '../input.js';
import {legend, type Place, section} from '../parts.js';
import {classTitle, countOf, percent} from '../words.js';

const WIDTH = 400;
const HEIGHT = 320;
const MARGIN = 24;
/** More classes than this are not written beside their points. */
const MOST_NAMES = 20;

type Point = MapView['clean'][number];

/** The features of both models on two axes; null where there are none. */
export function mapSection(place: Place, {summary, evidence}: ReportedRun): Html | null {
  const map = evidence?.map ?? null;
  if (map === null) return null;
  const targets = evidence?.poisoned?.targets ?? [];
  const target = targets.length === 1 ? (targets[0] ?? null) : null;
  const {dataset} = summary;
  const one = (when: 'before' | 'after') => chart(map[when], when, target, dataset);
  return section(
    place,
    'map',
    'Map of features',
    html`<p>What the last layer of each model takes, on the two axes along which it varies most (principal components). A backdoor shows as a cloud of poisoned images that lies apart from their own classes; without one they lie among these.</p>
<div class="maps">${one('before')}${one('after')}</div>
${legend([
  ['gray', 'clean images'],
  ...(target === null
    ? []
    : [['blue', `clean images of the target class ${classTitle(target, dataset)}`] as const]),
  ...(map.before.poisoned.length === 0 ? [] : [['vermilion', 'poisoned images'] as const]),
])}
<p class="note">The two maps have axes of their own: places in one are not places in the other.</p>`,
  );
}

function chart(
  view: MapView,
  when: 'before' | 'after',
  target: number | null,
  dataset: RunDataset,
): Html {
  const at = scaleOf([...view.clean, ...view.poisoned]);
  const others = view.clean.filter(([, , label]) => label !== target);
  const own = view.clean.filter(([, , label]) => label === target);
  const [first, second] = view.explained.map((share) => percent(share));
  const caption = `${when === 'before' ? 'Before' : 'After'} the defense; the axes have ${first} and ${second} of the variance`;
  const what = `${countOf(view.clean.length, 'clean image')} and ${countOf(view.poisoned.length, 'poisoned image')}`;
  return html`<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Map of the features of ${what} ${when} the defense"><rect class="frame" x="0.5" y="0.5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="6"/>${dots(others, at, 'gray')}${dots(own, at, 'blue')}${dots(view.poisoned, at, 'vermilion')}${names(view.clean, at, dataset)}</svg><figcaption>${caption}</figcaption></figure>`;
}

type Scale = (point: readonly [number, number, ...unknown[]]) => readonly [number, number];

/** Keeps the aspect, so that distances are comparable in all directions. */
function scaleOf(points: readonly Point[]): Scale {
  const range = (values: readonly number[]) => {
    const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    return values.length === 0
      ? {middle: 0, span: 0}
      : {middle: (low + high) / 2, span: high - low};
  };
  const x = range(points.map(([value]) => value));
  const y = range(points.map(([, value]) => value));
  const factors = [
    (WIDTH - 2 * MARGIN) / Math.max(x.span, Number.MIN_VALUE),
    (HEIGHT - 2 * MARGIN) / Math.max(y.span, Number.MIN_VALUE),
  ];
  const factor = Math.min(...factors, Number.MAX_SAFE_INTEGER);
  return ([px, py]) => [
    round(WIDTH / 2 + factor * (px - x.middle)),
    round(HEIGHT / 2 - factor * (py - y.middle)),
  ];
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}

/** All points as one path of lines without length, whose round ends are the dots. */
function dots(points: readonly Point[], at: Scale, hue: string): Piece {
  if (points.length === 0) return null;
  const path = points.map((point) => `M${at(point).join(' ')}h0`).join('');
  return html`<path class="dots ${hue}" d="${path}"/>`;
}

/** The titles of the classes at the middle of their clean images. */
function names(points: readonly Point[], at: Scale, dataset: RunDataset): Piece {
  const labels = [...new Set(points.map(([, , label]) => label))];
  if (labels.length > MOST_NAMES) return null;
  return labels.map((label) => {
    const own = points.filter((point) => point[2] === label);
    const mean = (axis: 0 | 1) => own.reduce((sum, point) => sum + point[axis], 0) / own.length;
    const [x, y] = at([mean(0), mean(1)]);
    return html`<text x="${x}" y="${y}">${classTitle(label, dataset)}</text>`;
  });
}
