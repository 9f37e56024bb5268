import type {RunSummary} from '../../../records/run_summary.js';
import {
  type PurificationVerdict,
  purificationVerdict,
  type VerdictState,
} from '../../../run/verdict.js';
import {type Html, html} from '../html.js';
import type {ReportedRun} from '../input.js';
import {percent, points, unbroken} from '../words.js';

/** In one line. */
export const HEADLINES: Readonly<Record<VerdictState, string>> = {
  gone: 'The backdoor is gone',
  weakened: 'The backdoor is weakened, not gone',
  active: 'The backdoor is still active',
  'never-worked': 'The attack had never worked',
  unknown: 'Whether the backdoor is gone is not known',
};

const SIGNS: Readonly<Record<VerdictState, string>> = {
  gone: '✓',
  weakened: '!',
  active: '✕',
  'never-worked': '?',
  unknown: '?',
};

/** What a run's figures say of the backdoor; null for an attack, and where nothing was measured before. */
export function verdictOf({summary, evidence}: ReportedRun): PurificationVerdict | null {
  const {before, after, numClasses} = summary;
  if (before === null || after === null) return null;
  const targets = Math.max(1, evidence?.poisoned?.targets.length ?? 1);
  return purificationVerdict({before, after, numClasses, targets});
}

/** A run in a few words. */
export function titleOf({kind, method, model, dataset}: RunSummary): string {
  const what = kind === 'attack' ? `Attack ${method}` : method.toUpperCase();
  return `${what} on ${model}, ${dataset.name}`;
}

/**
 * The verdict in sentences, and the figures that it rests on.
 * @param isUnderHeadline Whether the title of the page says it in one line
 */
export function verdictCard(run: ReportedRun, isUnderHeadline: boolean): Html {
  const {summary} = run;
  const verdict = verdictOf(run);
  const {before, after, der} = summary;
  return html`<div class="verdict ${verdict?.state ?? 'unknown'}">
${verdict === null || isUnderHeadline ? null : stateBadge(verdict.state)}
<p class="words">${unbroken(verdict?.words ?? aboutAttack(summary))}</p>
<ul class="tiles">
${tile('ACC', 'clean images recognized', before?.acc ?? null, after?.acc ?? null)}
${tile('ASR', 'poisoned images led to the target', before?.asr ?? null, after?.asr ?? null)}
${tile('RA', 'poisoned images recognized', before?.ra ?? null, after?.ra ?? null)}
${der === null ? null : html`<li><span class="name">DER</span> <span class="value">${percent(der)}</span> <span class="about">defense effectiveness rating; 100 % is best</span></li>`}
</ul>
</div>
`;
}

/** The state with a sign, so that nothing is told by its color alone. */
export function stateBadge(state: VerdictState): Html {
  return html`<p class="badge ${state}"><span aria-hidden="true">${SIGNS[state]}</span> ${HEADLINES[state]}</p>`;
}

function tile(name: string, about: string, before: number | null, after: number | null): Html {
  const change = before === null || after === null ? null : `${points(before, after)} points`;
  const from =
    before === null
      ? null
      : html`<span class="from">${percent(before)} <span aria-hidden="true">→</span><span class="hidden">to</span></span> `;
  return html`<li><span class="name">${name}</span> ${from}<span class="value">${percent(after)}</span> <span class="about">${about}${change === null ? null : html`<br>${change}`}</span></li>`;
}

function aboutAttack({method, after, kind}: RunSummary): string {
  if (kind === 'defend') return 'What the defense came to was not measured.';
  return after === null
    ? `The attack ${method} poisoned a data set; no model was trained.`
    : `The attack ${method} planted a backdoor: the trigger leads ${percent(after.asr)} of the images to its class.`;
}
