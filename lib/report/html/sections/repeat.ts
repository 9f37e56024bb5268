import {commandLine} from '../../command_line.js';
import {type Html, html} from '../html.js';
import type {ReportedRun} from '../input.js';
import {type Place, section} from '../parts.js';

/** The command line that does the same again. */
export function repeatSection(place: Place, {summary}: ReportedRun): Html {
  return section(
    place,
    'repeat',
    'How to repeat it',
    html`<p>With the same version, on the same kind of device, this gives the same figures:</p>
<pre tabindex="0" aria-label="command line"><code>${commandLine(summary)}</code></pre>
<p class="note">Options that are not there have their defaults. Paths are as the run had them.</p>`,
  );
}
