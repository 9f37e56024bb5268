import {
  type ComparedMethod,
  type ComparedRun,
  type Comparison,
  verdictsOf,
} from '../compare/comparison.js';
import type {Spread} from '../compare/spread.js';
import {type Cell, type Columns, csv} from './csv.js';

// The tables of a comparison as files. Metrics are fractions under the official tool's names.

/** A row for each method: mean and standard deviation of its runs. */
export function methodsCsv({methods}: Comparison): string {
  const figures = (of: (method: ComparedMethod) => Spread | null, name: string) =>
    [
      [`${name}_mean`, (method) => of(method)?.mean ?? null],
      [`${name}_std`, (method) => of(method)?.deviation ?? null],
    ] as const satisfies Columns<ComparedMethod>;
  return csv(methods, [
    ['method', ({method}) => method],
    ['oracle', ({oracle}) => oracle],
    ['poisoned_train', ({poisonedTrain}) => poisonedTrain],
    ['runs', ({runs}) => runs.length],
    ['done', ({runs}) => runs.filter(({kind}) => kind === 'done').length],
    ...figures(({acc}) => acc, 'test_acc'),
    ...figures(({asr}) => asr, 'test_asr'),
    ...figures(({ra}) => ra, 'test_ra'),
    ...figures(({der}) => der, 'der'),
    ['verdicts', ({runs}) => verdictsOf(runs)],
    ...figures(({methodSeconds}) => methodSeconds, 'method_seconds'),
    ...figures(({forwardPerImage}) => forwardPerImage, 'forward_per_image'),
    ...figures(({backwardPerImage}) => backwardPerImage, 'backward_per_image'),
    ...figures(({peakMemoryBytes}) => peakMemoryBytes, 'peak_memory_bytes'),
  ]);
}

interface RunRow {
  readonly method: ComparedMethod;
  readonly run: ComparedRun;
}

/** A row for each run. */
export function runsCsv({methods}: Comparison): string {
  const rows = methods.flatMap((method) => method.runs.map((run) => ({method, run})));
  type Done = Extract<ComparedRun, {kind: 'done'}>;
  const done = (name: string, of: (run: Done) => Cell) =>
    [name, ({run}: RunRow) => (run.kind === 'done' ? of(run) : null)] as const;
  return csv(rows, [
    ['method', ({method}) => method.method],
    ['oracle', ({method}) => method.oracle],
    ['poisoned_train', ({method}) => method.poisonedTrain],
    ['seed', ({run}) => run.seed],
    ['state', ({run}) => run.kind],
    done('test_acc_before', ({before}) => before.acc),
    done('test_asr_before', ({before}) => before.asr),
    done('test_ra_before', ({before}) => before.ra),
    done('test_acc', ({after}) => after.acc),
    done('test_asr', ({after}) => after.asr),
    done('test_ra', ({after}) => after.ra),
    done('der', ({der}) => der),
    done('verdict', ({verdict}) => verdict?.state ?? null),
    done('seconds', ({seconds}) => seconds),
    done('method_seconds', ({methodSeconds}) => methodSeconds),
    done('peak_memory_bytes', ({peakMemoryBytes}) => peakMemoryBytes),
    done('forward_passes', ({forwardPasses}) => forwardPasses),
    done('backward_passes', ({backwardPasses}) => backwardPasses),
    done('clean_images', ({cleanCount}) => cleanCount),
    done('device', ({device}) => device),
    done('precision', ({precision}) => precision),
    ['error_code', ({run}) => (run.kind === 'failed' ? run.code : null)],
    ['error', ({run}) => (run.kind === 'failed' ? run.message : null)],
  ]);
}
