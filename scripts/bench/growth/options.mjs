import {availableParallelism} from 'node:os';
import {join} from 'node:path';
import {readFlags} from '../flags.mjs';

export const HELP = `Measures how the seconds of a round and the memory of the process grow with the clean images, the
image side, the classes and the rounds; prints Markdown tables and draws a chart.

  npm run bench:growth -- [options]

  --threads <n>       threads of the package (all cores: ${availableParallelism()})
  --repeats <n>       processes for each point (3)
  --width <n>         base channels of the PreAct-ResNet18 (8)
  --json <file>       also writes everything as JSON
  --svg <file>        the chart (docs/growth.svg)
  --quick             few and small points, to see that it works
`;

/** The options of the command line, complete and checked; null where help was asked for. */
export function parseGrowthOptions(args) {
  const flags = readFlags(HELP, args);
  if (flags === null) return null;
  const {values, integer} = flags;
  return {
    threads: integer('threads', availableParallelism()),
    repeats: integer('repeats', 3),
    width: integer('width', 8),
    json: values.json ?? null,
    svg: values.svg ?? join(import.meta.dirname, '../../../docs/growth.svg'),
    quick: values.quick === true,
  };
}
