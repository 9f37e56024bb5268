import {htmlDocument} from './document.js';
import {type Html, html} from './html.js';
import type {ReportedRun, ReportInput} from './input.js';
import {heading, table} from './parts.js';
import {runSections} from './run_sections.js';
import {comparisonSection} from './sections/comparison.js';
import {scanSections} from './sections/scan.js';
import {HEADLINES, titleOf, verdictCard, verdictOf} from './sections/verdict.js';
import {percent} from './words.js';

/** Of a page of several runs: images that would make it larger are left out of the runs further down. */
const MOST_BYTES = 2_700_000;

/**
 * A report as one HTML file that needs no other: no script, no network. A pure function of its input; every text
 * in it is escaped.
 */
export function renderReport(input: ReportInput): string {
  const {runs, comparison, scans, version, made} = input;
  const isOne = runs.length === 1 && comparison === null && scans.length === 0;
  const content = isOne ? onlyRun(runs) : several(input);
  return htmlDocument({title: pageTitle(input), made, version, content});
}

function pageTitle({runs, comparison, scans}: ReportInput): string {
  if (comparison !== null) return 'Defenses side by side';
  const [run] = runs;
  if (runs.length === 0) return scans.length === 1 ? 'A scan for backdoors' : 'Scans for backdoors';
  if (runs.length > 1 || scans.length > 0 || run === undefined)
    return 'What became of the backdoors';
  const verdict = verdictOf(run);
  if (verdict !== null) return HEADLINES[verdict.state];
  return run.summary.kind === 'attack' ? 'A backdoor was planted' : 'A defense';
}

function onlyRun([run]: readonly ReportedRun[]): Html | null {
  if (run === undefined) return null;
  return html`<p class="subtitle">${titleOf(run.summary)}</p>
${verdictCard(run, true)}
${runSections({level: 2, id: 'run'}, run, true)}`;
}

function several({runs, comparison, scans}: ReportInput): Html {
  const bare = runs.map((run, i) => runArticle(run, `run-${i + 1}`, false));
  let left = bare.reduce((rest, {text}) => rest - text.length, MOST_BYTES);
  const articles = bare.map((article, i) => {
    const run = runs[i];
    if (run === undefined) return article;
    const whole = runArticle(run, `run-${i + 1}`, true);
    const more = whole.text.length - article.text.length;
    if (more > left) return article;
    left -= more;
    return whole;
  });
  return html`${comparison === null ? null : comparisonSection(comparison)}
${runs.length === 0 ? null : overview(runs)}
${scans.map((scan, i) => scanSections({level: 3, id: `scan-${i + 1}`}, scan))}
${articles}`;
}

/** All runs in a table, each a link to its part. */
function overview(runs: readonly ReportedRun[]): Html {
  const rows = runs.map((run, i) => {
    const {summary} = run;
    const verdict = verdictOf(run);
    return [
      html`<a href="#run-${i + 1}">${summary.method}, seed ${summary.seed}</a>`,
      verdict === null ? '–' : HEADLINES[verdict.state],
      percent(summary.after?.acc ?? null),
      percent(summary.after?.asr ?? null),
      percent(summary.after?.ra ?? null),
    ];
  });
  return html`<section aria-labelledby="overview">
${heading(2, 'overview', 'Verdicts')}
${table(
  'What became of the backdoor in each run',
  [{title: 'run'}, {title: 'verdict', isText: true}, {title: 'ACC'}, {title: 'ASR'}, {title: 'RA'}],
  rows,
)}
</section>
`;
}

function runArticle(run: ReportedRun, id: string, hasImages: boolean): Html {
  const {summary} = run;
  return html`<article aria-labelledby="${id}">
${heading(2, id, `${titleOf(summary)}, seed ${summary.seed}`)}
${verdictCard(run, false)}
${runSections({level: 3, id}, run, hasImages)}
</article>
`;
}
