import type {UserOptions} from '../options/parse.js';
import type {SweepProgress} from './progress.js';
import type {StepStatus} from './status.js';
import type {SweepStep} from './steps.js';
import type {SweepFile} from './sweep_file.js';

/** What an engine is given: a sweep, and what is left of it. */
export interface OpenSweep {
  /** The folder of the sweep, absolute. */
  readonly folder: string;
  /** What sweep.json has, or is going to have. */
  readonly file: SweepFile;
  /** Every step as its folder had it when the sweep was opened. */
  readonly status: readonly StepStatus[];
  /** Steps to do, stage by stage. A failed one is among them where it is to be tried again. */
  readonly todo: readonly SweepStep[];
  /** The engine's own settings, checked by its table: those of the plan, and those of the call over them. */
  readonly settings: UserOptions;
  /** What a step needs of a machine, by its kind, checked by the engine's table. */
  readonly resources: Readonly<Record<SweepStep['kind'], UserOptions>>;
}

/** What a run of an engine is told, and how it tells. */
export interface EngineRun {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: SweepProgress) => void;
  /** Writes sweep.json. The engine calls it once nothing that it knows refuses the sweep any more, before it writes itself. */
  readonly begin: () => Promise<void>;
}

/** How far an engine came: what became of the steps is in their folders. */
export type EngineOutcome =
  /** It did all that could be done. */
  | {readonly kind: 'finished'}
  /** It gave the steps to a scheduler, which goes on by itself. */
  | {
      readonly kind: 'submitted';
      /** The scheduler's names of the jobs. */
      readonly jobs: readonly string[];
      /** What the user should know, such as how to watch them. */
      readonly message: string;
    }
  /** It made what a scheduler takes, and gave it to none. */
  | {
      readonly kind: 'printed';
      /** As {@link SweepEngine.preview} has it. */
      readonly manifest: string;
    };

/**
 * Does the steps of a sweep: each once those are done that it needs. A step is done by `runStep` (run_step.ts) in some
 * process, or by `sau-native sweep step` on some machine; both write what became of it into the folder of the sweep.
 */
export interface SweepEngine {
  /** Throws what ends the whole sweep, such as a scheduler that is not there; rejects with `signal.reason` when aborted. */
  run(sweep: OpenSweep, run: EngineRun): Promise<EngineOutcome>;
  /** What `run` would give to a scheduler, in the scheduler's own form. It writes nothing. Engines without a scheduler have none. */
  preview?(sweep: OpenSweep): string;
}
