import {availableParallelism} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';

export const HELP = `Measures how the seconds of a round and the memory of the process grow with the clean images, the
image side, the classes and the rounds; prints Markdown tables and draws a chart.

  npm run bench:growth -- [options]

  --threads <n>       threads of the package (all cores: ${availableParallelism()})
  --repeats <n>       processes for each point (3)
  --width <n>         base channels of the PreAct-ResNet18 (8)
  --json <file>       also writes everything as JSON
  --svg <file>        the chart (docs/growth.svg)
  --quick             few and small points, to see that it works
  --help              shows this
`;

/** The options of the command line, complete and checked; null where help was asked for. */
export function parseGrowthOptions(args) {
  const text = {type: 'string'};
  const flag = {type: 'boolean', default: false};
  const {values} = parseArgs({
    args,
    options: {
      ...{threads: text, repeats: text, width: text, json: text, svg: text},
      ...{quick: flag, help: flag},
    },
  });
  if (values.help) return null;
  const positive = (name, fallback) => {
    const value = values[name] === undefined ? fallback : Number(values[name]);
    if (Number.isInteger(value) && value > 0) return value;
    throw new Error(`Expected integer > 0 for --${name} but received ${values[name]}`);
  };
  return {
    threads: positive('threads', availableParallelism()),
    repeats: positive('repeats', 3),
    width: positive('width', 8),
    json: values.json ?? null,
    svg: values.svg ?? join(import.meta.dirname, '../../../docs/growth.svg'),
    quick: values.quick,
  };
}
