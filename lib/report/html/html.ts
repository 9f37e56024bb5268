/** A piece of HTML whose texts are escaped. */
export class Html {
  readonly text: string;

  /** Use {@link html}, or {@link trusted} for what this package has made itself. */
  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: text and numbers, which are escaped, pieces of HTML, lists of them, or nothing. */
export type Piece = Html | string | number | null | readonly Piece[];

/** A template of HTML. Everything in `${}` that is no Html is escaped, in texts and in quoted attributes alike. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  const parts = strings.map((text, i) => (i === 0 ? text : textOf(pieces[i - 1] ?? null) + text));
  return new Html(parts.join(''));
}

/** HTML or SVG that this package has made, such as a chart, in which no text of others is left as it was. */
export function trusted(text: string): Html {
  return new Html(text);
}

function textOf(piece: Piece): string {
  if (piece === null) return '';
  if (piece instanceof Html) return piece.text;
  if (typeof piece === 'string') return escaped(piece);
  if (typeof piece === 'number') return String(piece);
  return piece.map(textOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters have no place in a document, except for tab and line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out.
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

function escaped(text: string): string {
  return text.replace(CONTROLS, '\ufffd').replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}
