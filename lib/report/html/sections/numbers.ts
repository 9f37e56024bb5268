import type {Metrics} from '../../../run/metrics.js';
import {type Html, html} from '../html.js';
import type {ReportedRun} from '../input.js';
import {type Place, section, table} from '../parts.js';
import {decimal, percent, points, signed, whole} from '../words.js';

const RATES = [
  ['ACC', 'acc', 'clean test images that are recognized'],
  ['ASR', 'asr', 'poisoned test images that are predicted as the target'],
  ['RA', 'ra', 'poisoned test images that are recognized all the same'],
] as const;
const LOSSES = [
  ['clean loss', 'cleanLoss'],
  ['poisoned loss', 'poisonedLoss'],
  ['RA loss', 'raLoss'],
] as const;

/** Before and after in numbers; null where nothing was measured. */
export function numbersSection(place: Place, {summary}: ReportedRun): Html | null {
  const {before, after, der} = summary;
  if (after === null) return null;
  const rows = [
    ...RATES.map(([name, key, about]) => [
      html`<abbr title="${about}">${name}</abbr>`,
      percent(before?.[key] ?? null),
      percent(after[key]),
      points(before?.[key] ?? null, after[key]),
    ]),
    ...LOSSES.map(([name, key]) => [
      name,
      decimal(before?.[key] ?? null),
      decimal(after[key]),
      change(before?.[key] ?? null, after[key]),
    ]),
  ];
  return section(
    place,
    'numbers',
    'Before and after',
    html`${table(
      captionOf(before ?? after),
      [{title: 'figure'}, {title: 'before'}, {title: 'after'}, {title: 'change'}],
      rows,
    )}
<p class="note">${RATES.map(([name, , about]) => `${name}: ${about}. `)}Changes of ACC, ASR and RA are in percentage points.${
      der === null
        ? null
        : ` DER, ${percent(der)}, is (fall of ASR − fall of ACC + 1) / 2, in which a rise counts as no fall.`
    }</p>`,
  );
}

function captionOf({cleanCount, poisonedCount}: Metrics): string {
  return `Measured on ${whole(cleanCount)} clean and ${whole(poisonedCount)} poisoned test images`;
}

function change(before: number | null, after: number | null): string {
  return before === null || after === null ? '–' : signed(after - before, 4);
}
