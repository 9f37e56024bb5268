import {type Html, html, trusted} from '../html.js';
import type {ReportedRun} from '../input.js';
import {details, type Place, section, table} from '../parts.js';
import {decimal, percent, seconds} from '../words.js';

/** The most rounds whose figures are listed below the chart. */
const MOST_ROWS = 200;

/** The rounds as curves and as a table; null without rounds. */
export function curvesSection(place: Place, {summary, curves}: ReportedRun): Html | null {
  if (curves === null) return null;
  const {rounds, kind} = summary;
  const unit = kind === 'attack' ? 'epoch' : 'round';
  const names = [...new Set(rounds.flatMap(({figures}) => Object.keys(figures)))];
  const columns = [unit, 'ACC', 'ASR', 'RA', ...names, 'time'].map((title) => ({title}));
  const rows = rounds
    .slice(0, MOST_ROWS)
    .map(({round, figures, metrics, seconds: time}) => [
      String(round + 1),
      ...[metrics?.acc, metrics?.asr, metrics?.ra].map((rate) => percent(rate ?? null)),
      ...names.map((name) => decimal(figures[name] ?? null)),
      seconds(time),
    ]);
  const caption = `Each ${unit}${rounds.length > MOST_ROWS ? `, the first ${MOST_ROWS}` : ''}`;
  return section(
    place,
    'curves',
    `${unit === 'round' ? 'Rounds' : 'Epochs'}`,
    html`<figure>
<div class="chart wide" role="img" aria-label="${described(summary.rounds.length, unit)}">${trusted(curves.wide)}</div>
<div class="chart narrow" role="img" aria-label="${described(summary.rounds.length, unit)}">${trusted(curves.narrow)}</div>
<figcaption>${described(rounds.length, unit)} The table below has the numbers.</figcaption>
</figure>
${details(`Figures of each ${unit}`, table(caption, columns, rows))}`,
  );
}

function described(rounds: number, unit: string): string {
  const all = rounds === 1 ? `one ${unit}` : `${rounds} ${unit}s`;
  return `ACC, ASR and RA over ${all} and, below, the losses.`;
}
