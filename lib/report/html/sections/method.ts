import {type Html, html} from '../html.js';
import type {MethodPicture, MethodTable, ReportedRun} from '../input.js';
import {details, type Place, section, subsection, table} from '../parts.js';
import {countOf} from '../words.js';

/** What the tables and pictures of methods are called; others go by their names. */
const TITLES: Readonly<Record<string, string>> = {
  steps: 'Thresholds of channels',
  thresholds: 'Thresholds of masks',
  pruning: 'Pruned features',
  masks: 'Masks',
  scores: 'Scores of channels',
  learning: 'Learning of masks',
  unlearning: 'Unlearning',
  recovering: 'Recovering',
  teacher: 'The teacher',
  triggers: 'Triggers',
  outliers: 'Outliers among the triggers',
  patterns: 'Patterns',
};
/** Longer tables are folded. */
const OPEN_ROWS = 12;

/** What a method wrote besides its rounds, such as triggers and masks; null where it wrote nothing. */
export function methodSection(place: Place, run: ReportedRun): Html | null {
  const {tables, pictures, summary} = run;
  if (tables.length === 0 && pictures.length === 0) return null;
  return section(
    place,
    'method',
    `What ${summary.method} found`,
    html`${pictureRow(place, pictures)}${tables.map((one) => tablePart(place, one))}`,
  );
}

/** Pictures beside each other, each under its title. */
export function pictureRow(place: Place, pictures: readonly MethodPicture[]): Html | null {
  if (pictures.length === 0) return null;
  const shown = pictures.map(
    ({name, file, image}) =>
      html`<figure><img src="${image}" alt="${titleOf(name)}"><figcaption>${titleOf(name)} <span class="file">${file}</span></figcaption></figure>`,
  );
  return subsection(place, 'pictures', 'Pictures', html`<div class="pictures">${shown}</div>`);
}

function tablePart(place: Place, {name, file, header, rows, more}: MethodTable): Html {
  const title = titleOf(name);
  const rest = more === 0 ? '' : `; ${countOf(more, 'more row')} in the file`;
  const content = table(
    html`${title} <span class="file">${file}</span>${rest}`,
    header.map((text) => ({title: text})),
    rows,
  );
  return subsection(
    place,
    `table-${name}`,
    title,
    rows.length > OPEN_ROWS ? details(countOf(rows.length, 'row'), content) : content,
  );
}

function titleOf(name: string): string {
  const label = /^trigger_(\d+)$/.exec(name)?.[1];
  return label === undefined ? (TITLES[name] ?? name) : `Trigger of class ${label}`;
}
