import type {Spread} from '../../compare/spread.js';
import {type Cell, type Columns, csv} from '../../report/csv.js';
import {
  type AverageCell,
  FIGURES,
  type Figure,
  type SweepCell,
  type SweepTable,
  type SweptRun,
  type TablePlace,
} from './tables.js';

// A sweep as files for other programs. Metrics are fractions under the official tool's names.

const COLUMN: Readonly<Record<Figure, string>> = {
  ...{acc: 'test_acc', asr: 'test_asr', ra: 'test_ra', der: 'der'},
};

/** A row for each run of the plan. */
export function sweepRunsCsv(runs: readonly SweptRun[]): string {
  type Done = Extract<SweptRun['state'], {kind: 'done'}>['summary'];
  const done = (name: string, of: (summary: Done) => Cell) =>
    [name, ({state}: SweptRun) => (state.kind === 'done' ? of(state.summary) : null)] as const;
  return csv(runs, [
    ['id', ({id}) => id],
    ['kind', ({defense}) => (defense === null ? 'attack' : 'defend')],
    ...PLACE,
    ['attack', ({attack}) => attack],
    ['defense', ({defense}) => defense],
    ['seed', ({seed}) => seed],
    ['state', ({state}) => state.kind],
    done('test_acc_before', ({before}) => before?.acc ?? null),
    done('test_asr_before', ({before}) => before?.asr ?? null),
    done('test_ra_before', ({before}) => before?.ra ?? null),
    done('test_acc', ({after}) => after?.acc ?? null),
    done('test_asr', ({after}) => after?.asr ?? null),
    done('test_ra', ({after}) => after?.ra ?? null),
    done('der', ({der}) => der),
    done('verdict', ({verdict}) => verdict?.state ?? null),
    done('seconds', ({seconds}) => seconds),
    done('method_seconds', ({cost}) => cost?.methodSeconds ?? null),
    done('peak_memory_bytes', ({cost}) => cost?.peakMemoryBytes ?? null),
    done('forward_passes', ({passes}) => passes?.forward ?? null),
    done('backward_passes', ({passes}) => passes?.backward ?? null),
    done('clean_images', ({cleanSubset}) => cleanSubset?.count ?? null),
    done('device', ({device}) => device),
    done('precision', ({precision}) => precision),
    ['folder', ({folder}) => folder],
    ['error_code', ({state}) => (state.kind === 'failed' ? state.code : null)],
    ['error', ({state}) => (state.kind === 'failed' ? state.message : null)],
  ]);
}

/** The columns that say to which table a row belongs. */
const PLACE = [
  ['data', ({data}) => data],
  ['model', ({model}) => model],
  ['poison_rate', ({ratio}) => ratio],
  ['clean', ({clean}) => clean],
] as const satisfies Columns<TablePlace>;

/** A cell of a table, or of its last row. */
interface TableRow extends TablePlace {
  readonly attack: string;
  readonly defense: string | null;
  readonly oracle: boolean | null;
  readonly poisonedTrain: boolean | null;
  readonly runs: Pick<SweepCell, 'all' | 'done' | 'failed'>;
  readonly figures: Readonly<Record<Figure, Pick<Spread, 'mean' | 'deviation'> | null>>;
}

/**
 * The tables: a row for each attack and defense with mean and standard deviation over the seeds, an empty defense for the
 * victims, and the attack `average` for the mean over the attacks.
 */
export function sweepTablesCsv(tables: readonly SweepTable[]): string {
  return csv(tables.flatMap(rowsOf), [
    ...PLACE,
    ['attack', ({attack}) => attack],
    ['defense', ({defense}) => defense],
    ['oracle', ({oracle}) => oracle],
    ['poisoned_train', ({poisonedTrain}) => poisonedTrain],
    ['runs', ({runs}) => runs.all],
    ['done', ({runs}) => runs.done],
    ['failed', ({runs}) => runs.failed],
    ...FIGURES.flatMap(
      (figure): Columns<TableRow> => [
        [`${COLUMN[figure]}_mean`, ({figures}) => figures[figure]?.mean ?? null],
        [`${COLUMN[figure]}_std`, ({figures}) => figures[figure]?.deviation ?? null],
      ],
    ),
  ]);
}

function rowsOf({data, model, ratio, clean, defenses, rows, average}: SweepTable): TableRow[] {
  const place = {data, model, ratio, clean};
  const none = {name: null, oracle: null, poisonedTrain: null};
  const columns = [none, ...defenses];
  const cells = rows.flatMap(({attack, victim, cells}) =>
    [victim, ...cells].flatMap((cell, i) => {
      const {name, oracle, poisonedTrain} = columns[i] ?? none;
      if (cell === null) return [];
      const about = {attack, defense: name, oracle, poisonedTrain};
      return [{...place, ...about, runs: cell, figures: cell}];
    }),
  );
  const averages = [average.victim, ...average.cells].map((cell, i) => {
    const {name, oracle, poisonedTrain} = columns[i] ?? none;
    const about = {attack: 'average', defense: name, oracle, poisonedTrain};
    return {...place, ...about, runs: cell, figures: meansOf(cell)};
  });
  return [...cells, ...averages];
}

function meansOf({acc, asr, ra, der}: AverageCell): TableRow['figures'] {
  const of = (mean: number | null) => (mean === null ? null : {mean, deviation: null});
  return {acc: of(acc), asr: of(asr), ra: of(ra), der: of(der)};
}
