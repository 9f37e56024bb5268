import {html, type Piece, trusted} from './html.js';
import {STYLE} from './style.js';
import {moment} from './words.js';

/** Who made a page, so that a later report may replace it. */
export const GENERATOR = 'sau-native report';
/** Nothing is loaded and nothing runs: all is in the file. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

interface Content {
  readonly title: string;
  /** When it was made, in ISO 8601. */
  readonly made: string;
  /** The version of this package that makes it. */
  readonly version: string;
  /** What is below the title. */
  readonly content: Piece;
  /** Whether it has tables of many columns and may be wider than texts are read well. */
  readonly isWide?: true;
}

/** A page that needs no other file: no script, no network. Every text in it is escaped. */
export function htmlDocument({title, made, version, content, isWide}: Content): string {
  return html`${trusted('<!doctype html>')}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="${GENERATOR}">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body${isWide ? html` class="wide"` : null}>
<a class="skip" href="#main">Skip to the report</a>
<header><p class="brand">sau-native report</p><p class="made">${moment(made)}</p></header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${content}
</main>
<footer><p>Made by sau-native ${version}. Everything is in this file: it loads nothing and runs no script.</p></footer>
</body>
</html>
`.text;
}
