import type {Evidence, Pair} from '../../../records/evidence.js';
import type {RunDataset} from '../../../records/run_summary.js';
import {type Html, html, type Piece} from '../html.js';
import type {ReportedRun} from '../input.js';
import {bar, details, type Place, scrolling, section, table} from '../parts.js';
import {classText, classTitle, countOf, percent, shareOf} from '../words.js';

/** Rows of the table of predicted classes; the other classes are summed. */
const MOST_CLASSES = 20;

type Poisoned = NonNullable<Evidence['poisoned']>;

/** Which classes the attack's images go to before and after; null without poisoned images. */
export function flowSection(place: Place, {summary, evidence}: ReportedRun): Html | null {
  const poisoned = evidence?.poisoned ?? null;
  if (poisoned === null) return null;
  return section(
    place,
    'flow',
    "Where the attack's images go",
    html`${predictedTable(poisoned, summary.dataset)}${confusions(poisoned, summary.dataset)}`,
  );
}

function predictedTable(poisoned: Poisoned, dataset: RunDataset): Html {
  const {predicted, targets} = poisoned;
  const all = sum(poisoned.total);
  const classes = mostOf(predicted);
  const cell = (count: number, hue: 'vermilion' | 'blue') =>
    bar(all === 0 ? 0 : count / all, shareOf(count, all), hue);
  const isTarget = (label: number) => targets.length === 1 && targets[0] === label;
  const rows: Piece[][] = classes.map((label) => [
    html`${classText(label, dataset)}${isTarget(label) ? html` <strong>target</strong>` : null}`,
    cell(predicted.before[label] ?? 0, 'vermilion'),
    cell(predicted.after[label] ?? 0, 'blue'),
  ]);
  const others = (counts: readonly number[]) =>
    all - sum(classes.map((label) => counts[label] ?? 0));
  if (classes.length < predicted.before.length) {
    const rest = `${predicted.before.length - classes.length} other classes`;
    rows.push([
      rest,
      cell(others(predicted.before), 'vermilion'),
      cell(others(predicted.after), 'blue'),
    ]);
  }
  return table(
    `What ${countOf(all, 'poisoned test image')} are predicted as`,
    [{title: 'predicted class'}, {title: 'before', isText: true}, {title: 'after', isText: true}],
    rows,
  );
}

/** The classes with the most images, in the order of their labels. */
function mostOf({before, after}: Pair<readonly number[]>): readonly number[] {
  const weight = (label: number) => Math.max(before[label] ?? 0, after[label] ?? 0);
  return [...before.keys()]
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, MOST_CLASSES)
    .sort((a, b) => a - b);
}

function confusions({confusion}: Poisoned, dataset: RunDataset): Html | null {
  if (confusion === null) return null;
  const one = (matrix: readonly (readonly number[])[], when: string) =>
    confusionTable(
      matrix,
      `Poisoned images ${when} the defense: true class by row, predicted class by column`,
      dataset,
    );
  return details(
    'Confusion by true class',
    html`${one(confusion.before, 'before')}${one(confusion.after, 'after')}`,
  );
}

function confusionTable(
  matrix: readonly (readonly number[])[],
  caption: string,
  dataset: RunDataset,
): Html {
  const head = matrix.map(
    (_, label) =>
      html`<th scope="col"><abbr title="${classTitle(label, dataset)}">${label}</abbr></th>`,
  );
  const rows = matrix.map((counts, label) => {
    const all = sum(counts);
    const cells = counts.map((count) => {
      const share = all === 0 ? 0 : count / all;
      const shade = html` style="--v:${(100 * share).toFixed(0)}%"`;
      return html`<td${count === 0 ? null : shade}>${count === 0 ? '' : count}</td>`;
    });
    return html`<tr><th scope="row">${classText(label, dataset)}</th>${cells}</tr>`;
  });
  return scrolling(
    html`<table class="confusion"><caption>${caption}</caption><thead><tr><th scope="col">true class</th>${head}</tr></thead><tbody>${rows}</tbody></table>`,
  );
}

/** Rows of the table of classes. */
const MOST_ROWS = 200;
/** More classes than this are folded. */
const OPEN_ROWS = 20;

/** ACC and ASR of each class; null without test images. */
export function classSection(place: Place, {summary, evidence}: ReportedRun): Html | null {
  const clean = evidence?.clean ?? null;
  const poisoned = evidence?.poisoned ?? null;
  if (clean === null && poisoned === null) return null;
  const {dataset, numClasses} = summary;
  const shown = Math.min(MOST_ROWS, numClasses);
  const rows = Array.from({length: shown}, (_, label) => {
    const share = (of: readonly number[] | undefined, total: readonly number[] | undefined) =>
      rate(of?.[label], total?.[label]);
    return [
      classText(label, dataset),
      percent(share(clean?.recognized.before, clean?.total)),
      percent(share(clean?.recognized.after, clean?.total)),
      percent(share(poisoned?.hits.before, poisoned?.total)),
      percent(share(poisoned?.hits.after, poisoned?.total)),
      percent(share(poisoned?.recognized.after, poisoned?.total)),
    ];
  });
  const columns = ['class', 'ACC before', 'ACC after', 'ASR before', 'ASR after', 'RA after'];
  const caption = `By the true class of the test images${shown < numClasses ? `, the first ${shown} classes` : ''}`;
  const content = table(
    caption,
    columns.map((title) => ({title})),
    rows,
  );
  return section(
    place,
    'classes',
    'Class by class',
    html`${numClasses > OPEN_ROWS ? details(`All ${numClasses} classes`, content) : content}
<p class="note">A dash stands where a class has no test images, as the target class has no poisoned ones.</p>`,
  );
}

function rate(part: number | undefined, all: number | undefined): number | null {
  return part === undefined || all === undefined || all === 0 ? null : part / all;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
