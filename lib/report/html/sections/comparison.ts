import type {ComparedMethod, Comparison} from '../../../compare/comparison.js';
import type {Spread} from '../../../compare/spread.js';
import {type Html, html, type Piece} from '../html.js';
import {table} from '../parts.js';
import {percent, seconds} from '../words.js';

/** Several defenses of one checkpoint side by side. */
export function comparisonSection({methods, before, checkpoint, notes}: Comparison): Html {
  const rows = methods.map(rowOf);
  const first: Piece[][] =
    before === null
      ? []
      : [
          [
            'before any defense',
            ...[before.acc, before.asr, before.ra].map(percent),
            ...['–', '–', '–'],
          ],
        ];
  return html`<section aria-labelledby="comparison">
<h2 id="comparison">Side by side</h2>
${table(
  html`Defenses of <code>${checkpoint}</code>: mean over the runs, ± their standard deviation`,
  ['method', 'ACC', 'ASR', 'RA', 'DER', 'time of the method', 'runs'].map((title) => ({title})),
  [...first, ...rows],
)}
${legendOf(methods)}
${notes.length === 0 ? null : html`<p>What keeps some of them from being compared:</p><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
${failures(methods)}
</section>
`;
}

function rowOf(method: ComparedMethod): Piece[] {
  const {acc, asr, ra, der, methodSeconds, runs, oracle, poisonedTrain} = method;
  const done = runs.filter(({kind}) => kind === 'done').length;
  const name = oracle ? `(${method.method})` : method.method;
  return [
    html`${name}${poisonedTrain ? ' *' : ''}`,
    ...[acc, asr, ra, der].map(rate),
    methodSeconds === null ? '–' : seconds(methodSeconds.mean),
    done === runs.length ? String(done) : `${done} of ${runs.length}`,
  ];
}

function rate(spread: Spread | null): string {
  if (spread === null) return '–';
  const {mean, deviation} = spread;
  return deviation === null ? percent(mean) : `${percent(mean)} ± ${(100 * deviation).toFixed(1)}`;
}

function legendOf(methods: readonly ComparedMethod[]): Html | null {
  const signs = [
    ...(methods.some(({oracle}) => oracle)
      ? ['In brackets: the test sets chose the model, which no defender has.']
      : []),
    ...(methods.some(({poisonedTrain}) => poisonedTrain)
      ? ['* It learns from images with the trigger too, not from clean images alone.']
      : []),
  ];
  return signs.length === 0 ? null : html`<p class="note">${signs.join(' ')}</p>`;
}

function failures(methods: readonly ComparedMethod[]): Html | null {
  const failed = methods.flatMap(({method, runs}) =>
    runs.flatMap((run) => (run.kind === 'failed' ? [{method, ...run}] : [])),
  );
  if (failed.length === 0) return null;
  const rows = failed.map(({method, seed, code, message}) => [
    `${method}, seed ${seed}`,
    html`<code>${code}</code>`,
    message,
  ]);
  return table(
    'Runs without a result',
    [{title: 'run'}, {title: 'code', isText: true}, {title: 'why', isText: true}],
    rows,
  );
}
