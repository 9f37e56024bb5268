import type {Look} from '../../../records/evidence.js';
import type {RunDataset} from '../../../records/run_summary.js';
import {type Html, html} from '../html.js';
import type {ReportedRun} from '../input.js';
import {type Place, section, subsection} from '../parts.js';
import {classText} from '../words.js';
import {prediction} from './strip.js';

const KINDS = [
  ['clean', 'Clean images'],
  ['poisoned', 'Poisoned images'],
] as const;
const TIMES = ['before', 'after'] as const;

/** Where the models look, by Grad-CAM; null where that is not known. */
export function gradCamSection(place: Place, {summary, evidence}: ReportedRun): Html | null {
  const looks = evidence?.looks ?? [];
  const rows = KINDS.flatMap(([kind, title]) => {
    const own = looks.filter((look) => look.kind === kind);
    if (own.length === 0) return [];
    const images = own.map((look) => pairOf(look, summary.dataset));
    return [subsection(place, `look-${kind}`, title, html`<div class="looks">${images}</div>`)];
  });
  if (rows.length === 0) return null;
  return section(
    place,
    'looks',
    'Where the model looks',
    html`<p>Bright places speak for the class below the image (Grad-CAM of what the model itself predicts), on the left before the defense and on the right after it.</p>${rows}`,
  );
}

function pairOf({image, label, predicted, kind}: Look, dataset: RunDataset): Html {
  const one = (when: (typeof TIMES)[number]) => {
    const alt = `${kind} image of class ${classText(label, dataset)} ${when} the defense, bright where it speaks for ${classText(predicted[when], dataset)}`;
    return html`<figure><img src="${image[when]}" alt="${alt}"><figcaption>${prediction(when, predicted[when], label, dataset)}</figcaption></figure>`;
  };
  return html`<div class="pair">${TIMES.map(one)}</div>`;
}
