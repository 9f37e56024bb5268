import {pathToFileURL} from 'node:url';
import {Worker} from 'node:worker_threads';
import {messageOf, SauError} from '../errors.js';
import {writeWholeFile} from '../whole_file.js';
import type {CurvesInput} from './curve_points.js';
import {curveSpec} from './curve_spec.js';

export type {CurvesInput} from './curve_points.js';

/**
 * Writes the course of a run as an SVG: ACC, ASR and RA over the rounds and, below, the losses.
 * What was not measured is left out. Throws ERR_OUTPUT.
 */
export async function writeCurves(path: string, input: CurvesInput): Promise<void> {
  await writeWholeFile(path, await render(curveSpec(input)));
}

/** Loading Vega takes a few hundred milliseconds of JavaScript: on a thread of its own it blocks nobody. */
const RENDERER = `
const {parentPort, workerData} = require('node:worker_threads');
import(workerData.vega).then(async ({View, parse}) => {
  const view = new View(parse(workerData.spec), {renderer: 'none'});
  parentPort.postMessage(await view.toSVG());
  view.finalize();
});
`;

async function render(spec: object): Promise<string> {
  const vega = pathToFileURL(require.resolve('vega')).href;
  const worker = new Worker(RENDERER, {eval: true, workerData: {vega, spec}});
  try {
    return await new Promise<string>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  } catch (cause) {
    throw new SauError(
      'ERR_OUTPUT',
      `Expected to draw the curves but could not: ${messageOf(cause)}. Run again with more free memory, or install the package again`,
      {
        cause,
      },
    );
  } finally {
    await worker.terminate();
  }
}
