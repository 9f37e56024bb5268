// Four columns of small panels: the seconds of a round and, below, the memory of the process.
import {BATCH} from './plan.mjs';
import {mib} from './report.mjs';

const FONT = 'Helvetica, Arial, DejaVu Sans, sans-serif';
const INK = '#222222';
const FAINT = '#e3e3e3';
const TIME = '#0072b2';
const MEMORY = '#d55e00';
const PANEL = {width: 190, height: 130};
const GAP = {x: 58, y: 70};
const PADDING = {left: 58, top: 78, right: 36, bottom: 46};
const MOST_SYMBOLS = 10;

/** Draws the chart of the result as SVG. */
export async function drawGrowth({options, dimensions}) {
  const {parse, View} = await import('vega');
  const view = new View(parse(chartSpec(options, dimensions)), {renderer: 'none'});
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function chartSpec({width, threads}, dimensions) {
  const most = Math.max(...dimensions.flatMap(({rows}) => rows.map((row) => row.peakMiB)));
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    background: 'white',
    width: dimensions.length * (PANEL.width + GAP.x) - GAP.x,
    height: 2 * PANEL.height + GAP.y,
    padding: PADDING,
    autosize: 'none',
    marks: [
      text(
        `Cost as the work grows: PreAct-ResNet18 of width ${width}, batches of ${BATCH}, ${threads} thread(s)`,
        ...[-52, 15, 'bold'],
      ),
      ...dimensions.flatMap((dimension, column) => {
        const isFirst = column === 0;
        return [
          timePanel(dimension, {column, row: 0, isFirst}),
          memoryPanel(dimension, {column, row: 1, isFirst}, 1.1 * most),
        ];
      }),
    ],
  };
}

function timePanel({key, title, rows, exponent}, place) {
  return panel({
    ...place,
    heading: title,
    note: `seconds of ${key === 'rounds' ? 'each' : 'a'} round, exponent ${exponent.toFixed(2)}`,
    yTitle: place.isFirst ? 'seconds' : null,
    top: 1.1 * Math.max(...rows.map(({slowest}) => slowest)),
    lines: [{field: 'seconds', color: TIME, dash: []}],
    // In a long run the symbols would hide the line.
    ranges: rows.length <= MOST_SYMBOLS,
    ...{rows, color: TIME},
  });
}

function memoryPanel({key, unit, rows, title, slope}, place, top) {
  const isRounds = key === 'rounds';
  const sign = slope < 0 ? '' : '+';
  return panel({
    ...place,
    heading: `${sign}${mib(slope)} MiB per ${unit}`,
    note: `peak; dashed: ${isRounds ? 'after each round' : 'before the round'}`,
    xTitle: title,
    yTitle: place.isFirst ? 'resident memory (MiB)' : null,
    lines: [
      {field: 'peakMiB', color: MEMORY, dash: []},
      {field: isRounds ? 'residentMiB' : 'restMiB', color: MEMORY, dash: [4, 3]},
    ],
    ranges: false,
    ...{rows, top, color: MEMORY},
  });
}

function panel(p) {
  const scales = [
    {name: 'x', type: 'linear', domain: [0, p.rows.at(-1).size], range: [0, PANEL.width]},
    {name: 'y', type: 'linear', domain: [0, p.top], range: [PANEL.height, 0]},
  ];
  const x = {scale: 'x', field: 'size'};
  const isFew = p.rows.length <= MOST_SYMBOLS;
  return {
    type: 'group',
    encode: {
      enter: {
        x: {value: p.column * (PANEL.width + GAP.x)},
        y: {value: p.row * (PANEL.height + GAP.y)},
        width: {value: PANEL.width},
        height: {value: PANEL.height},
      },
    },
    data: [{name: 'rows', values: p.rows}],
    scales,
    axes: axes(p),
    marks: [
      text(p.heading, -22, 13, 'bold'),
      text(p.note, -7, 11, 'normal'),
      ...(p.ranges ? [rangeMark(x, p.color)] : []),
      ...p.lines.map(({field, color, dash}) => ({
        type: 'line',
        from: {data: 'rows'},
        encode: {
          enter: {
            ...{x, y: {scale: 'y', field}},
            stroke: {value: color},
            strokeWidth: {value: 2},
            strokeDash: {value: dash},
          },
        },
      })),
      ...(isFew ? [symbols(x, p.lines[0])] : []),
    ],
  };
}

function axes({xTitle, yTitle}) {
  const text = {labelFont: FONT, titleFont: FONT, labelColor: INK, titleColor: INK};
  const size = {labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal'};
  const axis = {...text, ...size, domain: false, ticks: false, labelPadding: 6, tickCount: 4};
  const titled = (title) => (title ? {title, titlePadding: 8} : {});
  return [
    {
      ...axis,
      orient: 'left',
      scale: 'y',
      grid: true,
      gridScale: 'x',
      gridColor: FAINT,
      ...titled(yTitle),
    },
    {
      ...{...axis, orient: 'bottom', scale: 'x', format: 'd'},
      ...{domain: true, domainColor: '#888888'},
      ...titled(xTitle),
    },
  ];
}

function text(value, y, fontSize, fontWeight) {
  return {
    type: 'text',
    encode: {
      enter: {
        text: {value},
        y: {value: y},
        font: {value: FONT},
        fontSize: {value: fontSize},
        fontWeight: {value: fontWeight},
        fill: {value: INK},
      },
    },
  };
}

/** From the fastest to the slowest repeat. */
function rangeMark(x, color) {
  return {
    type: 'rule',
    from: {data: 'rows'},
    encode: {
      enter: {
        x,
        y: {scale: 'y', field: 'fastest'},
        y2: {scale: 'y', field: 'slowest'},
        stroke: {value: color},
        strokeWidth: {value: 4},
        strokeOpacity: {value: 0.35},
      },
    },
  };
}

function symbols(x, {field, color}) {
  return {
    type: 'symbol',
    from: {data: 'rows'},
    encode: {
      enter: {
        ...{x, y: {scale: 'y', field}},
        fill: {value: color},
        stroke: {value: 'white'},
        strokeWidth: {value: 1},
        size: {value: 50},
      },
    },
  };
}
