import {type Html, html} from './html.js';
import type {ReportedRun} from './input.js';
import type {Place} from './parts.js';
import {curvesSection} from './sections/curves.js';
import {factsSection} from './sections/facts.js';
import {mapSection} from './sections/feature_map.js';
import {classSection, flowSection} from './sections/flow.js';
import {gradCamSection} from './sections/grad_cam.js';
import {leftOutSection} from './sections/left_out.js';
import {methodSection} from './sections/method.js';
import {numbersSection} from './sections/numbers.js';
import {repeatSection} from './sections/repeat.js';
import {stripSection} from './sections/strip.js';

const WITHOUT_IMAGES =
  'The images of this run, to keep the file small: a report of this run alone has them.';

/** All that a report says of one run below its verdict. */
export function runSections(place: Place, run: ReportedRun, hasImages: boolean): Html {
  const shown = hasImages ? run : withoutImages(run);
  return html`${numbersSection(place, shown)}
${curvesSection(place, shown)}
${stripSection(place, shown)}
${flowSection(place, shown)}
${classSection(place, shown)}
${gradCamSection(place, shown)}
${mapSection(place, shown)}
${methodSection(place, shown)}
${factsSection(place, shown)}
${repeatSection(place, shown)}
${leftOutSection(place, shown, hasImages ? [] : [WITHOUT_IMAGES])}`;
}

function withoutImages(run: ReportedRun): ReportedRun {
  const {evidence} = run;
  return {
    ...run,
    evidence: evidence === null ? null : {...evidence, strip: null, looks: null},
    pictures: [],
  };
}
