import type {Spread} from '../../compare/spread.js';
import {type Html, html, type Piece} from '../../report/html/html.js';
import {heading, scrolling} from '../../report/html/parts.js';
import {
  type AverageCell,
  bestOf,
  FIGURES,
  type Figure,
  type SweepCell,
  type SweepDefense,
  type SweepRow,
  type SweepTable,
  shownShare,
} from './tables.js';

/** Without a defense there is nothing that DER could rate. */
const OF_VICTIM: readonly Figure[] = ['acc', 'asr', 'ra'];
const NOTHING = '–';

/** Attacks by defenses, each with ACC, ASR, RA and DER as papers have them. */
export function sweepTableSection(id: string, title: string, swept: SweepTable): Html {
  const {defenses, rows} = swept;
  const seeds = Math.max(1, ...rows.flatMap(({victim, cells}) => runsOf([victim, ...cells])));
  const spread = seeds > 1 ? ', mean over the seeds ± their standard deviation' : '';
  return html`<section aria-labelledby="${id}">
${heading(2, id, title)}
${scrolling(html`<table class="swept"><caption>Percent${spread}; the best of a row is marked</caption>
<thead>${head(defenses)}</thead>
<tbody>${rows.map((row) => bodyRow(row, defenses))}</tbody>
${rows.length < 2 ? null : html`<tfoot>${averageRow(swept)}</tfoot>`}</table>`)}
${legendOf(defenses)}
</section>
`;
}

function runsOf(cells: readonly (SweepCell | null)[]): number[] {
  return cells.map((cell) => cell?.all ?? 0);
}

function head(defenses: readonly SweepDefense[]): Html {
  const groups = defenses.map(
    ({name, oracle, poisonedTrain}) =>
      html`<th scope="colgroup" colspan="4">${oracle ? `(${name})` : name}${poisonedTrain ? ' *' : ''}</th>`,
  );
  const names = [OF_VICTIM, ...defenses.map(() => FIGURES)].map((figures) =>
    figures.map((figure, i) => html`<th scope="col"${first(i)}>${figure.toUpperCase()}</th>`),
  );
  return html`<tr><th scope="col" rowspan="2">attack</th><th scope="colgroup" colspan="3">no defense</th>${groups}</tr><tr>${names}</tr>`;
}

/** The first figure of a defense has a line before it. */
function first(index: number): Html | null {
  return index === 0 ? html` class="first"` : null;
}

function bodyRow({attack, victim, cells}: SweepRow, defenses: readonly SweepDefense[]): Html {
  const best = bestByFigure(
    cells.map((cell, i) => (defenses[i]?.oracle ? null : cell)),
    (cell, figure) => cell[figure]?.mean ?? null,
  );
  const groups = cells.map((cell, i) =>
    cellGroup(cell, FIGURES, (figure) => best[figure][i] === true),
  );
  return html`<tr><th scope="row">${attack}</th>${cellGroup(victim, OF_VICTIM, () => false)}${groups}</tr>`;
}

function bestByFigure<T>(
  cells: readonly (T | null)[],
  of: (cell: T, figure: Figure) => number | null,
): Readonly<Record<Figure, readonly boolean[]>> {
  const best = (figure: Figure): readonly boolean[] =>
    bestOf(
      figure,
      cells.map((cell) => (cell === null ? null : of(cell, figure))),
    );
  return {acc: best('acc'), asr: best('asr'), ra: best('ra'), der: best('der')};
}

/** The figures of a cell; one wide cell says why there are none. */
function cellGroup(
  cell: SweepCell | null,
  figures: readonly Figure[],
  isBest: (figure: Figure) => boolean,
): Html {
  if (cell === null || cell.all === 0 || cell.done === 0) {
    const isLost = cell !== null && cell.failed > 0;
    return html`<td class="first none${isLost ? ' lost' : ''}" colspan="${figures.length}">${absence(cell)}</td>`;
  }
  return html`${figures.map((figure, i) => {
    const share = shareText(cell[figure]);
    const about = i === 0 ? partText(cell) : null;
    return html`<td${first(i)}>${isBest(figure) ? marked(share) : share}${about}</td>`;
  })}`;
}

function absence(cell: SweepCell | null): string {
  if (cell === null || cell.all === 0) return 'not planned';
  if (cell.failed === 0) return 'no result yet';
  return cell.failed === cell.all ? 'failed' : `${cell.failed} of ${cell.all} failed`;
}

/** Where seeds are missing: how many there are, so that nobody takes the mean for that of all. */
function partText({done, failed, all}: SweepCell): Html | null {
  if (done === all) return null;
  const lost = failed === 0 ? '' : `, ${failed} failed`;
  return html`<small${failed === 0 ? null : html` class="lost"`}>${done} of ${all}${lost}</small>`;
}

function shareText(spread: Spread | null): string {
  if (spread === null) return NOTHING;
  const {mean, deviation} = spread;
  return deviation === null ? shownShare(mean) : `${shownShare(mean)} ± ${shownShare(deviation)}`;
}

/** Not by weight and color alone. */
function marked(text: Piece): Html {
  return html`<strong>${text}<span class="hidden"> best</span></strong>`;
}

/** Means over the attacks. Those of fewer attacks than the others have are not compared with them. */
function averageRow({average, rows, defenses}: SweepTable): Html {
  const {victim, cells} = average;
  const most = Math.max(...cells.map(({attacks}) => attacks));
  const best = bestByFigure(
    cells.map((cell, i) => (cell.attacks < most || defenses[i]?.oracle ? null : cell)),
    (cell, figure) => cell[figure],
  );
  const group = (
    cell: (typeof cells)[number],
    figures: readonly Figure[],
    isBest: (figure: Figure) => boolean,
  ): Html[] =>
    figures.map((figure, i) => {
      const share = cell[figure] === null ? NOTHING : shownShare(cell[figure]);
      const about = i === 0 ? averagePartText(cell, rows.length) : null;
      return html`<td${first(i)}>${isBest(figure) ? marked(share) : share}${about}</td>`;
    });
  const groups = cells.map((cell, i) => group(cell, FIGURES, (figure) => best[figure][i] === true));
  return html`<tr><th scope="row">average</th>${group(victim, OF_VICTIM, () => false)}${groups}</tr>`;
}

/** Of how many attacks a mean is, or of how many runs where each attack has some. */
function averagePartText({attacks, done, all}: AverageCell, rows: number): Html | null {
  if (attacks < rows) return html`<small>${attacks} of ${rows} attacks</small>`;
  return done < all ? html`<small>${done} of ${all} runs</small>` : null;
}

function legendOf(defenses: readonly SweepDefense[]): Html | null {
  const signs = [
    ...(defenses.some(({oracle}) => oracle)
      ? [
          'In brackets: the test sets chose the model, which no defender has; it is never marked as the best.',
        ]
      : []),
    ...(defenses.some(({poisonedTrain}) => poisonedTrain)
      ? ['* It learns from images with the trigger too, not from clean images alone.']
      : []),
  ];
  return signs.length === 0 ? null : html`<p class="note">${signs.join(' ')}</p>`;
}
