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
  await writeWholeFile(path, await render(curveSpec(input, SHEET)));
}

/** The curves of a run without a title, as SVG for wide and for narrow screens. Throws ERR_OUTPUT. */
export async function drawCurves(
  input: Omit<CurvesInput, 'title'>,
): Promise<{readonly wide: string; readonly narrow: string}> {
  const draw = (layout: Layout): Promise<string> =>
    render(curveSpec({...input, title: ''}, layout));
  return {wide: await draw(WITHIN_PAGE), narrow: await draw(WITHIN_PHONE)};
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
const LABEL_PIXELS = 17;
const MOST_SYMBOLS = 25;

/** Sizes of a drawing in pixels. */
interface Layout {
  readonly width: number;
  readonly rateHeight: number;
  readonly lossHeight: number;
  /** Between the panels. */
  readonly gap: number;
  readonly padding: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
  /** Most labels of the horizontal axis. */
  readonly ticks: number;
}

/** A picture of its own, under a title. */
const SHEET: Layout = {
  ...{width: 640, rateHeight: 270, lossHeight: 150, gap: 62, ticks: 10},
  padding: {left: 64, top: 52, right: 168, bottom: 52},
};
const WITHIN_PAGE: Layout = {...SHEET, padding: {...SHEET.padding, top: 12}};
const WITHIN_PHONE: Layout = {
  ...{width: 190, rateHeight: 220, lossHeight: 130, gap: 50, ticks: 4},
  padding: {left: 60, top: 12, right: 134, bottom: 48},
};

type Json = Readonly<Record<string, unknown>>;

/** A Vega specification: ACC, ASR and RA in percent over the rounds and, below, the losses. */
function curveSpec(input: CurvesInput, layout: Layout): Json {
  const {width, rateHeight, lossHeight, gap, padding} = layout;
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
    width,
    height: rateHeight + gap + lossHeight,
    padding,
    autosize: 'none',
    title: {
      text: input.title,
      aria: false,
      anchor: 'start',
      frame: 'group',
      font: FONT,
      fontSize: 16,
      color: INK,
      offset: 18,
    },
    data: [...table('rates', rates), ...table('losses', losses)],
    scales: [
      {name: 'x', type: 'linear', domain: [0, last], range: [0, width]},
      {name: 'rate', type: 'linear', domain: [0, 100], range: [rateHeight, 0]},
      {name: 'loss', type: 'linear', domain: [0, lossTop], range: [lossHeight, 0]},
    ],
    marks: [
      panel({
        layout,
        top: 0,
        height: rateHeight,
        name: 'rates',
        scale: 'rate',
        title: 'share of test images (%)',
        xTitle: null,
        last,
        labels: endLabels(
          rates,
          (y) => `${y.toFixed(1)} %`,
          (LABEL_PIXELS * 100) / rateHeight,
          0,
          100,
        ),
      }),
      panel({
        layout,
        top: rateHeight + gap,
        height: lossHeight,
        name: 'losses',
        scale: 'loss',
        title: `${input.stage} loss`,
        xTitle,
        last,
        labels: endLabels(
          losses,
          (y) => y.toPrecision(3),
          (LABEL_PIXELS * lossTop) / lossHeight,
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
  readonly layout: Layout;
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
  const axis = {...text, ...size, aria: false, domain: false, ticks: false, labelPadding: 8};
  const at = {
    x: {scale: 'x', field: 'x'},
    y: {scale: p.scale, field: 'y'},
  };
  return {
    type: 'group',
    aria: false, // who embeds the drawing says in words what it shows
    encode: {
      enter: {y: {value: p.top}, width: {value: p.layout.width}, height: {value: p.height}},
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
        tickCount: Math.min(p.layout.ticks, p.last),
        tickMinStep: 1,
        format: 'd',
        domain: true,
        domainColor: '#888888',
      },
    ],
    marks: [
      {
        type: 'group',
        aria: false,
        from: {facet: {name: `${p.name}Line`, data: p.name, groupby: 'name'}},
        marks: [
          {
            type: 'line',
            aria: false,
            from: {data: `${p.name}Line`},
            encode: {enter: {...at, stroke: {field: 'color'}, strokeWidth: {value: 2}}},
          },
        ],
      },
      {
        type: 'symbol',
        aria: false,
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
        aria: false,
        encode: {
          enter: {
            x: {value: p.layout.width + 12},
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
