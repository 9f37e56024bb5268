import {htmlDocument} from '../../report/html/document.js';
import {type Html, html, type Piece} from '../../report/html/html.js';
import {details, heading, table} from '../../report/html/parts.js';
import {countOf, seconds} from '../../report/html/words.js';
import type {SweepReportInput} from './input.js';
import {sweepTableSection} from './table_section.js';
import {type SweptRun, type SweptState, sweepTables, type TablePlace} from './tables.js';

/** The report of a sweep as one HTML file that needs no other. A pure function of its input; every text in it is escaped. */
export function renderSweepReport({made, version, name, runs}: SweepReportInput): string {
  const content = html`<p class="subtitle">${name}</p>
${summary(runs)}
${sweepTables(runs).map((one, i) => sweepTableSection(`table-${i + 1}`, titleOf(one), one))}
${failures(runs)}
${unfinished(runs)}
${differences(runs)}`;
  return htmlDocument({title: 'Attacks by defenses', made, version, content, isWide: true});
}

/** What the sweep came to, in numbers. */
function summary(runs: readonly SweptRun[]): Html {
  const summaries = summariesOf(runs);
  const spent = summaries.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
  const victims = runs.filter(({defense}) => defense === null).length;
  const tiles: [name: string, value: string, about: string][] = [
    ['runs', String(runs.length), `${countOf(victims, 'victim')}, the others are defenses of them`],
    ['done', String(summaries.length), `of ${countOf(runs.length, 'run')}`],
    ['failed', String(count(runs, 'failed')), 'each with its reason below'],
    ['without a result yet', String(open(runs).length), 'blocked, waiting or under way'],
    ['time of the runs', seconds(spent), 'all together, as if one after another'],
  ];
  return html`<section aria-labelledby="sweep">
${heading(2, 'sweep', 'The sweep')}
<ul class="tiles">${tiles.map(
    ([name, value, about]) =>
      html`<li><span class="name">${name}</span> <span class="value">${value}</span> <span class="about">${about}</span></li>`,
  )}</ul>
</section>
`;
}

/** Such as "cifar10, preactresnet18, poison ratio 0.1, clean images 5pct". */
function titleOf({data, model, ratio, clean}: TablePlace): string {
  const parts = [
    data,
    model,
    ratio === null ? null : `poison ratio ${ratio}`,
    clean === null ? null : `clean images ${clean}`,
  ];
  return parts.filter((part) => part !== null).join(', ') || 'All runs';
}

const WHY = [{title: 'run'}, {title: 'code', isText: true}, {title: 'why', isText: true}] as const;

/** Runs that have no result although they were tried. */
function failures(runs: readonly SweptRun[]): Html | null {
  const rows = runs.flatMap((run) =>
    run.state.kind === 'failed'
      ? [[nameOf(run), html`<code>${run.state.code}</code>`, run.state.message]]
      : [],
  );
  if (rows.length === 0) return null;
  return html`<section aria-labelledby="failed">
${heading(2, 'failed', 'Runs that failed')}
${table('Why they have no result', WHY, rows)}
</section>
`;
}

const STATES: Readonly<Record<Exclude<SweptState['kind'], 'done' | 'failed'>, string>> = {
  interrupted: 'interrupted: it goes on where it stopped once the sweep is resumed',
  running: 'under way',
  blocked: 'blocked: the victim that it needs failed',
  waiting: 'not begun',
};

/** Runs that may still come. */
function unfinished(runs: readonly SweptRun[]): Html | null {
  const rows = open(runs).map(([run, words]): Piece[] => [nameOf(run), words]);
  if (rows.length === 0) return null;
  const columns = [{title: 'run'}, {title: 'where it stands', isText: true}] as const;
  return html`<section aria-labelledby="open">
${heading(2, 'open', 'Runs without a result yet')}
${details(countOf(rows.length, 'run'), table('Where they stand', columns, rows))}
</section>
`;
}

function open(runs: readonly SweptRun[]): readonly (readonly [run: SweptRun, words: string])[] {
  return runs.flatMap((run) => {
    const {kind} = run.state;
    return kind === 'done' || kind === 'failed' ? [] : [[run, STATES[kind]] as const];
  });
}

/** What keeps figures of different runs from being compared. */
function differences(runs: readonly SweptRun[]): Html | null {
  const summaries = summariesOf(runs);
  const notes = [
    differ(
      'devices',
      summaries.map(({device}) => device),
    ),
    differ(
      'precisions',
      summaries.map(({precision}) => precision),
    ),
    differ(
      'versions of sau-native',
      summaries.map(({versions}) => versions.sauNative),
    ),
    differ(
      'versions of LibTorch',
      summaries.map(({versions}) => versions.libtorch),
    ),
  ].filter((note) => note !== null);
  if (notes.length === 0) return null;
  return html`<section aria-labelledby="unequal">
${heading(2, 'unequal', 'What was not equal')}
<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>
</section>
`;
}

function differ(what: string, values: readonly (string | null)[]): string | null {
  const known = [...new Set(values.filter((value) => value !== null))];
  return known.length < 2 ? null : `The runs had different ${what}: ${known.join(', ')}.`;
}

function nameOf(run: SweptRun): string {
  const {attack, defense, seed} = run;
  const what = defense === null ? attack : `${defense} after ${attack}`;
  return `${what}, seed ${seed} (${titleOf(run)})`;
}

function summariesOf(runs: readonly SweptRun[]) {
  return runs.flatMap(({state}) => (state.kind === 'done' ? [state.summary] : []));
}

function count(runs: readonly SweptRun[], kind: SweptState['kind']): number {
  return runs.filter(({state}) => state.kind === kind).length;
}
