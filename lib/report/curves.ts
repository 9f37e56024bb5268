import {pathToFileURL} from 'node:url';
import {Worker} from 'node:worker_threads';
import {messageOf, SauError} from '../base/errors.js';
import {largest} from '../base/largest.js';
import {writeWholeFile} from '../base/whole_file.js';
import {
  type CurveSeries,
  type CurvesInput,
  type EndLabel,
  endLabels,
  lossSeries,
  rateSeries,
} from './curve_points.js';

export type {CurvesInput} from './curve_points.js';

/**
 * Draws a run as an SVG: ACC, ASR and RA over the rounds and, below, the losses. Figures that were not measured are
 * left out. Throws ERR_OUTPUT.
 */
export async function writeCurves(path: string, input: CurvesInput): Promise<void> {
  await writeWholeFile(path, await render(curveSpec(input)));
}

/**
 * Loading Vega takes a few hundred milliseconds of JavaScript. On a thread of its own it does not block the event
 * loop.
 */
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
      `Expected to draw the curves but could not: ${messageOf(cause)}.`,
      {cause, remedy: 'Run again with more free memory, or install the package again.'},
    );
  } finally {
    await worker.terminate();
  }
}

const FONT = 'Helvetica, Arial, DejaVu Sans, sans-serif';
const INK = '#222222';
const FAINT = '#e3e3e3';
const WIDTH = 640;
const RATE_HEIGHT = 270;
const LOSS_HEIGHT = 150;
const GAP = 62;
const PADDING = {left: 64, top: 52, right: 168, bottom: 52};
const LABEL_PIXELS = 17;
const MOST_SYMBOLS = 25;

type Json = Readonly<Record<string, unknown>>;

/** A Vega specification: ACC, ASR and RA in percent over the rounds and, below, the losses. */
function curveSpec(input: CurvesInput): Json {
  const last = largest(
    input.rounds.map(({round}) => round + 1),
    1,
  );
  const rates = rateSeries(input);
  const losses = lossSeries(input);
  const lossTop =
    1.05 *
    largest(
      losses.flatMap((s) => s.points.map(({y}) => y)),
      0.01,
    );
  const unit = input.unit ?? 'round';
  const xTitle = unit === 'round' ? 'round (0: before the defense)' : 'epoch';
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    background: 'white',
    width: WIDTH,
    height: RATE_HEIGHT + GAP + LOSS_HEIGHT,
    padding: PADDING,
    autosize: 'none',
    title: {
      text: input.title,
      anchor: 'start',
      frame: 'group',
      font: FONT,
      fontSize: 16,
      color: INK,
      offset: 18,
    },
    data: [...table('rates', rates), ...table('losses', losses)],
    scales: [
      {name: 'x', type: 'linear', domain: [0, last], range: [0, WIDTH]},
      {name: 'rate', type: 'linear', domain: [0, 100], range: [RATE_HEIGHT, 0]},
      {name: 'loss', type: 'linear', domain: [0, lossTop], range: [LOSS_HEIGHT, 0]},
    ],
    marks: [
      panel({
        top: 0,
        height: RATE_HEIGHT,
        name: 'rates',
        scale: 'rate',
        title: 'share of test images (%)',
        xTitle: null,
        last,
        labels: endLabels(
          rates,
          (y) => `${y.toFixed(1)} %`,
          (LABEL_PIXELS * 100) / RATE_HEIGHT,
          0,
          100,
        ),
      }),
      panel({
        top: RATE_HEIGHT + GAP,
        height: LOSS_HEIGHT,
        name: 'losses',
        scale: 'loss',
        title: `${input.stage} loss`,
        xTitle,
        last,
        labels: endLabels(
          losses,
          (y) => y.toPrecision(3),
          (LABEL_PIXELS * lossTop) / LOSS_HEIGHT,
          0,
          lossTop,
        ),
      }),
    ],
  };
}

/** Two data sets: all points for the lines, and fewer points for the symbols of a long run. */
function table(name: string, series: readonly CurveSeries[]): Json[] {
  const rows = series.flatMap((s) =>
    s.points.map((point, i) => ({
      ...point,
      name: s.name,
      color: s.color,
      shape: s.shape,
      symbol:
        i % Math.ceil(s.points.length / MOST_SYMBOLS) === 0 || i === s.points.length - 1 ? 1 : 0,
    })),
  );
  return [
    {name, values: rows},
    {
      name: `${name}Symbols`,
      source: name,
      transform: [{type: 'filter', expr: 'datum.symbol === 1'}],
    },
  ];
}

interface Panel {
  readonly top: number;
  readonly height: number;
  readonly name: string;
  readonly scale: string;
  readonly title: string;
  readonly xTitle: string | null;
  /** The largest x. */
  readonly last: number;
  readonly labels: readonly EndLabel[];
}

function panel(p: Panel): Json {
  const text = {labelFont: FONT, titleFont: FONT, labelColor: INK, titleColor: INK};
  const size = {labelFontSize: 12, titleFontSize: 13, titleFontWeight: 'normal'};
  const axis = {...text, ...size, domain: false, ticks: false, labelPadding: 8};
  const at = {
    x: {scale: 'x', field: 'x'},
    y: {scale: p.scale, field: 'y'},
  };
  return {
    type: 'group',
    encode: {
      enter: {y: {value: p.top}, width: {value: WIDTH}, height: {value: p.height}},
    },
    axes: [
      {
        ...axis,
        orient: 'left',
        scale: p.scale,
        title: p.title,
        titlePadding: 12,
        grid: true,
        gridColor: FAINT,
        tickCount: 5,
      },
      {
        ...axis,
        orient: 'bottom',
        scale: 'x',
        ...(p.xTitle === null ? {} : {title: p.xTitle, titlePadding: 10}),
        tickCount: Math.min(10, p.last),
        tickMinStep: 1,
        format: 'd',
        domain: true,
        domainColor: '#888888',
      },
    ],
    marks: [
      {
        type: 'group',
        from: {facet: {name: `${p.name}Line`, data: p.name, groupby: 'name'}},
        marks: [
          {
            type: 'line',
            from: {data: `${p.name}Line`},
            encode: {enter: {...at, stroke: {field: 'color'}, strokeWidth: {value: 2}}},
          },
        ],
      },
      {
        type: 'symbol',
        from: {data: `${p.name}Symbols`},
        encode: {
          enter: {
            ...at,
            shape: {field: 'shape'},
            fill: {field: 'color'},
            stroke: {value: 'white'},
            strokeWidth: {value: 1},
            size: {value: 60},
          },
        },
      },
      ...p.labels.map((label) => ({
        type: 'text',
        encode: {
          enter: {
            x: {value: WIDTH + 12},
            y: {scale: p.scale, value: label.at},
            text: {value: label.text},
            fill: {value: label.color},
            font: {value: FONT},
            fontSize: {value: 13},
            fontWeight: {value: 'bold'},
            baseline: {value: 'middle'},
          },
        },
      })),
    ],
  };
}
