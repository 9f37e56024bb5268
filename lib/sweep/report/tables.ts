import {type Spread, spreadOf} from '../../compare/spread.js';
import {DEFENSE_NAMES, defenseOf} from '../../defenses/defenses.js';
import type {RunSummary} from '../../records/run_summary.js';
import type {Metrics} from '../../run/metrics.js';

// What a sweep came to, as a paper has it: attacks by defenses. Pure functions of its runs.

/** Where a run of a sweep stands, and its summary once it is done. */
export type SweptState =
  | {readonly kind: 'done'; readonly summary: RunSummary}
  | {readonly kind: 'failed'; readonly code: string; readonly message: string}
  | {readonly kind: 'interrupted' | 'running' | 'blocked' | 'waiting'};

/** What the runs of a table have alike, as the plan names it; null where the plan does not. */
export interface TablePlace {
  /** The data set. */
  readonly data: string | null;
  /** The architecture. */
  readonly model: string | null;
  /** The poison ratio of the attacks. */
  readonly ratio: string | null;
  /** The clean images of the defenses. */
  readonly clean: string | null;
}

/** A run of a sweep under the names that its tables have. */
export interface SweptRun extends TablePlace {
  readonly id: string;
  /** As sweep.json has it. */
  readonly folder: string;
  /** The attack, or the victim that the plan gives. */
  readonly attack: string;
  /** The defense; null for the training of a victim. */
  readonly defense: string | null;
  /** The method of the run, such as `sau` or `badnet`. */
  readonly method: string;
  readonly seed: number;
  readonly state: SweptState;
}

/** What the runs of one attack and one defense came to: those of all seeds. */
export interface SweepCell {
  /** Of the runs that are done; null where none tells it. */
  readonly acc: Spread | null;
  readonly asr: Spread | null;
  readonly ra: Spread | null;
  /** null for the victims, too. */
  readonly der: Spread | null;
  /** How many are done. */
  readonly done: number;
  readonly failed: number;
  readonly all: number;
}

/** The figures of a cell. */
export type Figure = 'acc' | 'asr' | 'ra' | 'der';

export const FIGURES: readonly Figure[] = ['acc', 'asr', 'ra', 'der'];

/** A column of a table. */
export interface SweepDefense {
  readonly name: string;
  /** Whether a run of it chose its model by what a defender does not have. */
  readonly oracle: boolean;
  /** Whether it had images with the trigger to learn from. */
  readonly poisonedTrain: boolean;
}

export interface SweepRow {
  readonly attack: string;
  /** The victims without a defense. */
  readonly victim: SweepCell;
  /** By defense, in the order of the table; null where the plan has no such run. */
  readonly cells: readonly (SweepCell | null)[];
}

/** The mean over the attacks of a table. */
export interface AverageCell {
  /** Of the means of the attacks; null where no attack tells it. */
  readonly acc: number | null;
  readonly asr: number | null;
  readonly ra: number | null;
  readonly der: number | null;
  /** Attacks that have a figure. */
  readonly attacks: number;
  /** Runs behind it that are done. */
  readonly done: number;
  readonly failed: number;
  readonly all: number;
}

/** Attacks by defenses. What the plan does not name is what the runs found, where they agree. */
export interface SweepTable extends TablePlace {
  readonly defenses: readonly SweepDefense[];
  readonly rows: readonly SweepRow[];
  readonly average: {readonly victim: AverageCell; readonly cells: readonly AverageCell[]};
}

/**
 * A table for each data set, architecture, poison ratio and kind of clean images; all in the order in which the runs name
 * them. The victims of an attack are in the table of each of their defenses.
 */
export function sweepTables(runs: readonly SweptRun[]): readonly SweepTable[] {
  const victims = runs.filter(({defense}) => defense === null);
  const scenes = grouped(runs, (run) => JSON.stringify(sceneOf(run)));
  return scenes.flatMap((scene) => {
    const defended = scene.filter(({defense}) => defense !== null);
    const own = victims.filter((victim) => scene.includes(victim));
    if (defended.length === 0) return [tableOf(own)];
    return grouped(defended, ({clean}) => clean ?? '').map((of) => tableOf([...own, ...of]));
  });
}

function sceneOf({data, model, ratio}: TablePlace): readonly (string | null)[] {
  return [data, model, ratio];
}

function tableOf(runs: readonly SweptRun[]): SweepTable {
  const names = [...new Set(runs.flatMap(({defense}) => defense ?? []))];
  const rows = grouped(runs, ({attack}) => attack).map((of): SweepRow => {
    const cells = names.map((name) => {
      const its = of.filter(({defense}) => defense === name);
      return its.length === 0 ? null : cellOf(its);
    });
    return {attack: of[0]?.attack ?? '', victim: victimCell(of), cells};
  });
  return {
    ...placeOf(runs),
    rows,
    defenses: names.map((name) =>
      defenseColumn(
        name,
        runs.filter(({defense}) => defense === name),
      ),
    ),
    average: {
      victim: averageOf(rows.map(({victim}) => victim)),
      cells: names.map((_, i) => averageOf(rows.map(({cells}) => cells[i] ?? null))),
    },
  };
}

/** As the plan has it, else as the runs found it. */
function placeOf(runs: readonly SweptRun[]): TablePlace {
  const summaries = runs.flatMap(({state}) => (state.kind === 'done' ? [state.summary] : []));
  const found = (of: (summary: RunSummary) => string): string | null => {
    const [value, ...others] = new Set(summaries.map(of));
    return value === undefined || others.length > 0 ? null : value;
  };
  const [run] = runs;
  return {
    data: run?.data ?? found(({dataset}) => dataset.name),
    model: run?.model ?? found(({model}) => model),
    ratio: run?.ratio ?? null,
    clean: runs.find(({defense}) => defense !== null)?.clean ?? null,
  };
}

function grouped<T>(values: readonly T[], key: (value: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(key(value));
    if (group === undefined) groups.set(key(value), [value]);
    else group.push(value);
  }
  return [...groups.values()];
}

function defenseColumn(name: string, runs: readonly SweptRun[]): SweepDefense {
  return {
    name,
    oracle: runs.some(({state}) => state.kind === 'done' && state.summary.selection === 'oracle'),
    poisonedTrain: DEFENSE_NAMES.some(
      (known) => 'trainImages' in defenseOf(known) && runs.some(({method}) => method === known),
    ),
  };
}

function cellOf(runs: readonly SweptRun[]): SweepCell {
  const done = runs.flatMap(({state}) => (state.kind === 'done' ? [state.summary] : []));
  return {
    ...spreads(done.map(({after}) => after)),
    der: spreadOf(done.map(({der}) => der)),
    done: done.length,
    failed: runs.filter(({state}) => state.kind === 'failed').length,
    all: runs.length,
  };
}

/** The victims of an attack; of those that the plan gives, what their defenses measured before they began. */
function victimCell(runs: readonly SweptRun[]): SweepCell {
  const trained = runs.filter(({defense}) => defense === null);
  if (trained.length > 0) return cellOf(trained);
  const models = new Map<string, Metrics | null>();
  for (const {state} of runs) {
    if (state.kind !== 'done') continue;
    const {checkpoint, before} = state.summary;
    models.set(checkpoint?.sha256 ?? checkpoint?.path ?? '', before);
  }
  return {
    ...spreads([...models.values()]),
    der: null,
    done: models.size,
    failed: 0,
    all: models.size,
  };
}

function spreads(measured: readonly (Metrics | null)[]): Pick<SweepCell, 'acc' | 'asr' | 'ra'> {
  const of = (figure: 'acc' | 'asr' | 'ra'): Spread | null =>
    spreadOf(measured.map((metrics) => metrics?.[figure] ?? null));
  return {acc: of('acc'), asr: of('asr'), ra: of('ra')};
}

function averageOf(cells: readonly (SweepCell | null)[]): AverageCell {
  const of = (figure: Figure): number | null =>
    spreadOf(cells.map((cell) => cell?.[figure]?.mean ?? null))?.mean ?? null;
  const sum = (count: 'done' | 'failed' | 'all'): number =>
    cells.reduce((runs, cell) => runs + (cell?.[count] ?? 0), 0);
  return {
    ...{acc: of('acc'), asr: of('asr'), ra: of('ra'), der: of('der')},
    ...{done: sum('done'), failed: sum('failed'), all: sum('all')},
    attacks: cells.filter((cell) => cell !== null && FIGURES.some((name) => cell[name] !== null))
      .length,
  };
}

/** What is printed of a share: two decimals of a percent, so that what reads alike is alike. */
export function shownShare(share: number): string {
  return (100 * share).toFixed(2);
}

/**
 * Which of the shares are the best as they are printed: the lowest ASR, else the highest. null is never the best, and
 * where there is nothing to be better than, nothing is.
 */
export function bestOf(figure: Figure, shares: readonly (number | null)[]): readonly boolean[] {
  const printed = shares.map((share) => (share === null ? null : Number(shownShare(share))));
  const known = printed.filter((value) => value !== null);
  if (known.length < 2) return shares.map(() => false);
  const best = figure === 'asr' ? Math.min(...known) : Math.max(...known);
  return printed.map((value) => value === best);
}
