import {type Html, html, type Piece} from '../html.js';
import type {ReportedRun} from '../input.js';
import {details, facts, type Place, section, table} from '../parts.js';
import {countOf, mebibytes, moment, seconds, settingText, whole} from '../words.js';

/** What the run was: model, data, versions, seeds, hashes, cost and every option. */
export function factsSection(place: Place, {summary, folder}: ReportedRun): Html {
  const {model, numClasses, dataset, cleanSubset, checkpoint, result, versions} = summary;
  const {seed, device, precision, started, cost, passes, selection} = summary;
  const [height, width] = dataset.imageSize;
  const options = Object.entries(summary.options).sort(([a], [b]) => (a < b ? -1 : 1));
  return section(
    place,
    'facts',
    'What was run',
    html`${facts([
      ['Method', summary.method],
      ['Model', `${model}, ${countOf(numClasses, 'class').replace('classs', 'classes')}`],
      ['Data', `${dataset.name}, ${height} × ${width} pixels`],
      ['Data folder', code(dataset.path)],
      [
        'Clean images',
        cleanSubset === null
          ? 'none'
          : `${whole(cleanSubset.count)}, chosen by ${cleanSubset.chosen}`,
      ],
      ['Seed', String(seed)],
      ['Rounds', `${whole(summary.completedRounds)}${summary.interrupted ? ', interrupted' : ''}`],
      ['Selection', selection === null ? '–' : SELECTIONS[selection]],
      ['Began', moment(started)],
      [
        'Time',
        `${seconds(summary.seconds)}, of which the method ${seconds(cost?.methodSeconds ?? null)}`,
      ],
      ['Peak memory', mebibytes(cost?.peakMemoryBytes ?? null)],
      [
        'Passes',
        passes === null
          ? '–'
          : `${whole(passes.forward)} images forward, ${whole(passes.backward)} backward`,
      ],
      ['Device', `${device ?? '–'}, ${precision ?? '–'}`],
      [
        'Versions',
        `sau-native ${versions.sauNative}, Node.js ${versions.node}, LibTorch ${versions.libtorch ?? '–'}${versions.libtorchCuda === null ? '' : ` with CUDA ${versions.libtorchCuda}`}`,
      ],
      ['Folder', code(folder)],
    ])}
${table(
  'Files, and what they held',
  [{title: 'file'}, {title: 'path', isText: true}, {title: 'SHA-256', isText: true}],
  [
    ['checkpoint', code(checkpoint?.path ?? null), code(checkpoint?.sha256 ?? null)],
    ['result', code(result?.path ?? null), code(result?.sha256 ?? null)],
    ['clean indices', code(summary.files.cleanIndex ?? null), code(cleanSubset?.sha256 ?? null)],
  ],
)}
${details(
  `All ${options.length} options as resolved`,
  table(
    'Given again, they give the same run',
    [{title: 'option'}, {title: 'value', isText: true}],
    options.map(([name, value]) => [html`<code>${name}</code>`, settingText(value)]),
  ),
)}`,
  );
}

const SELECTIONS = {
  last: 'the weights of the last round',
  clean: 'by clean images that were set aside',
  fixed: 'by a fixed threshold',
  oracle: 'by the test sets, which no defender has',
} as const;

function code(text: string | null): Piece {
  return text === null ? '–' : html`<code>${text}</code>`;
}
