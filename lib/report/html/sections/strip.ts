import type {ShownImage} from '../../../records/evidence.js';
import type {RunDataset} from '../../../records/run_summary.js';
import {type Html, html} from '../html.js';
import type {ReportedRun} from '../input.js';
import {type Place, section, subsection} from '../parts.js';
import {classText, classTitle} from '../words.js';

const ROWS = [
  ['clean', 'Clean', 'as they are'],
  ['poisoned', 'Poisoned', 'with the trigger of the attack'],
  [
    'adversarial',
    'Shared adversarial',
    'changed so that both models are misled alike, which is what SAU unlearns',
  ],
] as const;

/** The same test images clean, poisoned and under a shared adversarial perturbation; null without any. */
export function stripSection(place: Place, {summary, evidence}: ReportedRun): Html | null {
  const strip = evidence?.strip ?? null;
  if (strip === null) return null;
  const rows = ROWS.flatMap(([kind, title, about]) => {
    const images = strip[kind];
    if (images.length === 0) return [];
    const shown = images.map((image) => figure(image, kind, summary.dataset));
    return [
      subsection(
        place,
        `strip-${kind}`,
        title,
        html`<p class="note">${about}</p><div class="strip">${shown}</div>`,
      ),
    ];
  });
  if (rows.length === 0) return null;
  return section(
    place,
    'strip',
    'Images',
    html`<p>Below each image is what the model predicted before the defense, and what it predicts after it.</p>${rows}`,
  );
}

function figure({image, label, predicted}: ShownImage, kind: string, dataset: RunDataset): Html {
  const alt = `${kind} image of class ${classText(label, dataset)}`;
  return html`<figure><img src="${image}" alt="${alt}"><figcaption>${prediction('before', predicted.before, label, dataset)}${prediction('after', predicted.after, label, dataset)}</figcaption></figure>`;
}

/** A predicted class with a mark that tells whether it is the true one. */
export function prediction(
  when: 'before' | 'after',
  predicted: number,
  label: number,
  dataset: RunDataset,
): Html {
  const isRight = predicted === label;
  return html`<span class="${isRight ? 'right' : 'wrong'}"><span class="hidden">${when}: </span>${classTitle(predicted, dataset)} <span aria-hidden="true">${isRight ? '✓' : '✕'}</span><span class="hidden">${isRight ? ' (right)' : ' (wrong)'}</span></span>`;
}
