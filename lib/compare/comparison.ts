import {DEFENSE_NAMES, defenseOf} from '../defenses/defenses.js';
import type {RunSummary} from '../records/run_summary.js';
import type {Metrics} from '../run/metrics.js';
import type {PurificationVerdict} from '../run/verdict_types.js';
import {type Spread, spreadOf} from './spread.js';

// What a comparison came to: a pure function of its runs.

/** A run of a {@link Comparison}. */
export type ComparedRun =
  | {
      readonly kind: 'done';
      /** The seed of the run. */
      readonly seed: number;
      /** Its folder, which {@link readRun} opens. */
      readonly folder: string;
      /** Of the backdoored model. */
      readonly before: Metrics;
      /** Of the purified model. */
      readonly after: Metrics;
      /** Defense effectiveness rating; null without a poisoned test set. */
      readonly der: number | null;
      /** Whether the backdoor is gone; null where an older version wrote the run. */
      readonly verdict: PurificationVerdict | null;
      /** Wall time of the whole run, with reading and measuring. */
      readonly seconds: number | null;
      /** Wall time of the method alone. */
      readonly methodSeconds: number | null;
      /** Largest resident memory of the run's process, with LibTorch and all images; no memory of a GPU. */
      readonly peakMemoryBytes: number | null;
      /** Images that went through models forward, without measurements. */
      readonly forwardPasses: number | null;
      /** Images that went through models backward. */
      readonly backwardPasses: number | null;
      /** Clean images that the method had. */
      readonly cleanCount: number | null;
      /** Such as `cpu` or `cuda:0`. */
      readonly device: string | null;
      /** As resolved, such as `fp32`. */
      readonly precision: string | null;
    }
  /** The method refused this checkpoint or these options, or the run failed. */
  | {
      readonly kind: 'failed';
      /** The seed of the run. */
      readonly seed: number;
      /** Its folder, which has no result. */
      readonly folder: string;
      /** One of {@link ERROR_CODES}, or ERR_UNEXPECTED. */
      readonly code: string;
      /** Why. */
      readonly message: string;
    }
  /** It was not begun, or was interrupted. */
  | {
      readonly kind: 'waiting';
      /** The seed of the run. */
      readonly seed: number;
      /** Its folder, which has no result. */
      readonly folder: string;
    };

/** A method in a {@link Comparison}. */
export interface ComparedMethod {
  /** The defense. */
  readonly method: string;
  /**
   * Whether it chose its model by what a defender does not have, such as the test labels or the ASR: tables
   * have it in brackets.
   */
  readonly oracle: boolean;
  /** Whether it had images with the trigger to learn from, and not clean images alone: tables mark it. */
  readonly poisonedTrain: boolean;
  /** By seed. */
  readonly runs: readonly ComparedRun[];
  /** Over the runs that are done; each is null where no run tells it. */
  readonly acc: Spread | null;
  /** Of the purified models. */
  readonly asr: Spread | null;
  /** Of the purified models. */
  readonly ra: Spread | null;
  /** Defense effectiveness rating. */
  readonly der: Spread | null;
  /** Wall time of the method alone. */
  readonly methodSeconds: Spread | null;
  /** Passes forward of each clean image, without measurements. */
  readonly forwardPerImage: Spread | null;
  /** Passes backward of each clean image. */
  readonly backwardPerImage: Spread | null;
  /** Largest resident memory of a run's process. */
  readonly peakMemoryBytes: Spread | null;
}

/** Several defenses of one checkpoint, side by side. */
export interface Comparison {
  /** The folder with its runs and tables, absolute. */
  readonly folder: string;
  /** The backdoored model. */
  readonly checkpoint: string;
  /** Of the backdoored model; null where no run is done. */
  readonly before: Metrics | null;
  /** In the order that was asked for. */
  readonly methods: readonly ComparedMethod[];
  /** What keeps the figures of some runs from being compared. */
  readonly notes: readonly string[];
}

/** A run, and what is known of it. */
export type RunState = {
  readonly method: string;
  readonly seed: number;
  readonly folder: string;
} & (
  | {readonly kind: 'done'; readonly summary: RunSummary}
  | {readonly kind: 'failed'; readonly code: string; readonly message: string}
  | {readonly kind: 'waiting'}
);

/** The comparison of some runs, its methods in the order of their first runs. */
export function comparisonOf(
  {folder, checkpoint}: Pick<Comparison, 'folder' | 'checkpoint'>,
  states: readonly RunState[],
): Comparison {
  const names = [...new Set(states.map(({method}) => method))];
  const methods = names.map((method) => {
    return comparedMethod(
      method,
      states.filter((state) => state.method === method),
    );
  });
  const summaries = states.flatMap((state) => (state.kind === 'done' ? [state.summary] : []));
  return {
    ...{folder, checkpoint, methods},
    before: summaries[0]?.before ?? null,
    notes: notesOf(summaries),
  };
}

/** What became of the backdoor in each run that is done, such as "gone" or "gone 2, active 1"; '' where no run tells. */
export function verdictsOf(runs: readonly ComparedRun[]): string {
  const states = runs.flatMap((run) => (run.kind === 'done' ? (run.verdict?.state ?? []) : []));
  const different = [...new Set(states)];
  if (different.length < 2) return different.join();
  const count = (state: string): number => states.filter((one) => one === state).length;
  return different
    .toSorted((a, b) => count(b) - count(a))
    .map((state) => `${state} ${count(state)}`)
    .join(', ');
}

function comparedMethod(method: string, states: readonly RunState[]): ComparedMethod {
  const runs = states.map(comparedRun);
  const done = runs.filter((run) => run.kind === 'done');
  return {
    method,
    oracle: states.some((state) => state.kind === 'done' && state.summary.selection === 'oracle'),
    poisonedTrain: DEFENSE_NAMES.some(
      (name) => name === method && 'trainImages' in defenseOf(name),
    ),
    runs,
    acc: spreadOf(done.map(({after}) => after.acc)),
    asr: spreadOf(done.map(({after}) => after.asr)),
    ra: spreadOf(done.map(({after}) => after.ra)),
    der: spreadOf(done.map(({der}) => der)),
    methodSeconds: spreadOf(done.map(({methodSeconds}) => methodSeconds)),
    forwardPerImage: spreadOf(done.map((run) => perImage(run.forwardPasses, run.cleanCount))),
    backwardPerImage: spreadOf(done.map((run) => perImage(run.backwardPasses, run.cleanCount))),
    peakMemoryBytes: spreadOf(done.map(({peakMemoryBytes}) => peakMemoryBytes)),
  };
}

function perImage(passes: number | null, cleanCount: number | null): number | null {
  return passes === null || cleanCount === null ? null : passes / cleanCount;
}

function comparedRun(state: RunState): ComparedRun {
  const {seed, folder} = state;
  if (state.kind === 'waiting') return {kind: 'waiting', seed, folder};
  if (state.kind === 'failed') {
    return {kind: 'failed', seed, folder, code: state.code, message: state.message};
  }
  const {before, after, der, verdict, seconds, cost, passes, cleanSubset} = state.summary;
  const {device, precision} = state.summary;
  return {
    ...{kind: 'done', seed, folder, before: before ?? UNMEASURED, after: after ?? UNMEASURED, der},
    ...{verdict, seconds, methodSeconds: cost?.methodSeconds ?? null},
    peakMemoryBytes: cost?.peakMemoryBytes ?? null,
    forwardPasses: passes?.forward ?? null,
    backwardPasses: passes?.backward ?? null,
    cleanCount: cleanSubset?.count ?? null,
    ...{device, precision},
  };
}

const UNMEASURED: Metrics = {
  ...{acc: null, asr: null, ra: null, cleanLoss: null, poisonedLoss: null, raLoss: null},
  ...{cleanCount: 0, poisonedCount: 0},
};

function notesOf(summaries: readonly RunSummary[]): string[] {
  const seeds = [...new Set(summaries.map(({seed}) => seed))];
  const unequal = seeds.filter((seed) => {
    const ofSeed = summaries.filter((summary) => summary.seed === seed);
    // A method that takes no clean images has no part in this.
    return differ(ofSeed.flatMap(({cleanSubset}) => cleanSubset?.sha256 ?? []));
  });
  const clean = unequal.map((seed) => `the runs of seed ${seed} had different clean images`);
  const about = (what: string, of: (summary: RunSummary) => unknown): string[] =>
    differ(summaries.map(of)) ? [`the runs had different ${what}`] : [];
  return [
    ...clean,
    ...about('devices', ({device}) => device),
    ...about('precisions', ({precision}) => precision),
    ...about('versions of sau-native', ({versions}) => versions.sauNative),
    ...about('versions of LibTorch', ({versions}) => versions.libtorch),
  ];
}

function differ(values: readonly unknown[]): boolean {
  return new Set(values).size > 1;
}
