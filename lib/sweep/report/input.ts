import type {SweptRun} from './tables.js';

/** All that the report of a sweep shows, as plain data: rendering reads no file and asks no clock. */
export interface SweepReportInput {
  /** When the report was made, in ISO 8601. */
  readonly made: string;
  /** The version of this package that makes it. */
  readonly version: string;
  /** What the sweep is called. */
  readonly name: string;
  /** All runs of the plan, done or not. */
  readonly runs: readonly SweptRun[];
}
