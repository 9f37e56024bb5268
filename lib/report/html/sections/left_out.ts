import {type Html, html} from '../html.js';
import type {ReportedRun} from '../input.js';
import {type Place, section} from '../parts.js';

/** What the report does not show, and why; null where nothing is left out. */
export function leftOutSection(
  place: Place,
  {missing, evidence}: ReportedRun,
  more: readonly string[],
): Html | null {
  const all = [...missing, ...(evidence?.missing ?? []), ...more];
  if (all.length === 0) return null;
  return section(
    place,
    'left-out',
    'Left out',
    html`<ul>${all.map((why) => html`<li>${why}</li>`)}</ul>`,
  );
}
