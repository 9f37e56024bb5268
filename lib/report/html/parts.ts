import {type Html, html, type Piece} from './html.js';

// The parts that sections are made of.

/** Where a section stands: how deep its heading is, and what its ids begin with. */
export interface Place {
  /** Of the headings of sections: 2 or 3. */
  readonly level: 2 | 3;
  /** Unique to the run, such as `run-2`. */
  readonly id: string;
}

/** A heading of a level, or of one below it. */
export function heading(level: number, id: string, text: Piece): Html {
  switch (level) {
    case 2:
      return html`<h2 id="${id}">${text}</h2>`;
    case 3:
      return html`<h3 id="${id}">${text}</h3>`;
    case 4:
      return html`<h4 id="${id}">${text}</h4>`;
    default:
      return html`<h5 id="${id}">${text}</h5>`;
  }
}

/** A section under a heading that names it. */
export function section(place: Place, name: string, title: string, content: Piece): Html {
  const id = `${place.id}-${name}`;
  return html`<section aria-labelledby="${id}">
${heading(place.level, id, title)}
${content}
</section>
`;
}

/** A part of a section under a heading one level below. */
export function subsection(place: Place, name: string, title: string, content: Piece): Html {
  const id = `${place.id}-${name}`;
  return html`<div class="part">${heading(place.level + 1, id, title)}${content}</div>`;
}

export interface Column {
  readonly title: string;
  /** Numbers are aligned right. */
  readonly isText?: true;
}

/** A table whose first cell in each row is its name. On narrow screens it scrolls by itself, also by keys. */
export function table(
  caption: Piece,
  columns: readonly Column[],
  rows: readonly (readonly Piece[])[],
): Html {
  const head = columns.map(
    ({title, isText}) => html`<th scope="col"${isText ? html` class="text"` : null}>${title}</th>`,
  );
  const body = rows.map(([name, ...cells]) => {
    const rest = cells.map((cell, i) =>
      columns[i + 1]?.isText ? html`<td class="text">${cell}</td>` : html`<td>${cell}</td>`,
    );
    return html`<tr><th scope="row">${name ?? null}</th>${rest}</tr>`;
  });
  return scrolling(
    html`<table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`,
  );
}

/** What may be wider than the screen: it scrolls by itself, and by keys once it has the focus. */
export function scrolling(content: Piece): Html {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="scrolls sideways">${content}</div>`;
}

/** A share as a bar behind its number; nothing is told by the bar alone. */
export function bar(share: number, text: string, hue: 'blue' | 'vermilion' | 'green'): Html {
  const width = (100 * Math.max(0, Math.min(1, share))).toFixed(1);
  return html`<span class="bar ${hue}" style="--v:${width}%">${text}</span>`;
}

/** What is folded until it is asked for; printed as it is. */
export function details(summary: string, content: Piece): Html {
  return html`<details><summary>${summary}</summary>${content}</details>`;
}

/** Names and values. */
export function facts(pairs: readonly (readonly [name: string, value: Piece])[]): Html {
  return html`<dl>${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** The key of a chart. */
export function legend(entries: readonly (readonly [hue: string, text: string])[]): Html {
  return html`<ul class="legend">${entries.map(
    ([hue, text]) => html`<li><span class="key ${hue}" aria-hidden="true"></span>${text}</li>`,
  )}</ul>`;
}
