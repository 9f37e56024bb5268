import type {ScanIndex, ScanStatistic} from '../../../records/scan_summary.js';
import {type Html, html, type Piece} from '../html.js';
import type {ReportedScan} from '../input.js';
import {details, facts, heading, type Place, section, subsection, table} from '../parts.js';
import {classText, decimal, moment, seconds, settingText, unbroken} from '../words.js';
import {pictureRow} from './method.js';

const HEADLINES = {
  suspicious: 'The model is suspicious',
  'nothing-found': 'Nothing was found, which does not mean clean',
  none: 'The scan can say nothing',
} as const;

/** A scan: its verdict, its statistics and its triggers. */
export function scanSections(place: Place, scan: ReportedScan): Html {
  const {summary, pictures, folder} = scan;
  const {verdict, statistics, model, dataset} = summary;
  const tone = verdict.state === 'suspicious' ? 'active' : 'unknown';
  return html`<article>
${heading(2, `${place.id}-scan`, `Scan of ${model}`)}
<div class="verdict ${tone}">
<p class="badge ${tone}">${HEADLINES[verdict.state]}</p>
<p class="words">${unbroken(verdict.words)}</p>
${verdict.labels.length === 0 ? null : html`<p>Suspected classes: ${verdict.labels.map((label) => classText(label, dataset)).join(', ')}.</p>`}
</div>
${section(
  place,
  'statistics',
  'Statistics',
  statistics.map((one) => statisticPart(place, one)),
)}
${pictures.length === 0 ? null : section(place, 'triggers', 'Reconstructed triggers', pictureRow(place, pictures))}
${section(
  place,
  'facts',
  'What was scanned',
  html`${facts([
    ['Checkpoint', html`<code>${summary.checkpoint.path}</code>`],
    ['SHA-256', html`<code>${summary.checkpoint.sha256 ?? '–'}</code>`],
    ['Data', dataset.name],
    ['Clean images', summary.cleanSubset === null ? 'none' : String(summary.cleanSubset.count)],
    ['Began', moment(summary.started)],
    ['Time', seconds(summary.seconds)],
    ['Device', `${summary.device}, ${summary.precision}`],
    [
      'Versions',
      `sau-native ${summary.versions.sauNative}, Node.js ${summary.versions.node}, LibTorch ${summary.versions.libtorch ?? '–'}`,
    ],
    ['Folder', html`<code>${folder}</code>`],
  ])}${details(
    'All options as resolved',
    table(
      'Options',
      [{title: 'option'}, {title: 'value', isText: true}],
      Object.entries(summary.options).map(([name, value]) => [
        html`<code>${name}</code>`,
        settingText(value),
      ]),
    ),
  )}`,
)}
</article>
`;
}

function statisticPart(place: Place, statistic: ScanStatistic): Html {
  const {name, title, classes, labels, threshold, notes, decides} = statistic;
  const rows: Piece[][] = classes.map(({label, title: own, value, index}) => [
    html`${own === null ? String(label) : `${label} (${own})`}${labels.includes(label) ? html` <strong>suspicious</strong>` : null}`,
    decimal(value, 3),
    indexText(index),
  ]);
  const limit = `${threshold.kind === 'pValue' ? 'p-value up to' : 'index above'} ${threshold.value}`;
  return subsection(
    place,
    `statistic-${name}`,
    `${name}: ${title}`,
    html`${table(
      `${statistic.suspicious === 'small' ? 'Small' : 'Large'} values are suspicious; ${limit}`,
      [{title: 'class'}, {title: 'value'}, {title: 'anomaly index'}],
      rows,
    )}<p class="note">${decides ? 'It has a part in the verdict.' : 'It orders the classes and has no part in the verdict.'} ${
      statistic.pValue === null ? null : `The p-value is ${statistic.pValue.toPrecision(3)}. `
    }The threshold is from: ${threshold.calibration}.${notes.map((note) => ` ${note}`)}</p>`,
  );
}

function indexText(index: ScanIndex | null): string {
  if (index === null) return '–';
  return typeof index === 'number' ? index.toFixed(2) : '∞';
}
