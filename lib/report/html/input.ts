import type {Comparison} from '../../compare/comparison.js';
import type {Evidence} from '../../records/evidence.js';
import type {RunSummary} from '../../records/run_summary.js';
import type {ScanSummary} from '../../records/scan_summary.js';

/** All that a report shows, as plain data: rendering reads no file and asks no clock. */
export interface ReportInput {
  /** When the report was made, in ISO 8601. */
  readonly made: string;
  /** The version of this package that makes it. */
  readonly version: string;
  /** At least one, or a comparison or a scan. */
  readonly runs: readonly ReportedRun[];
  /** The comparison that the runs are of; null of runs alone. */
  readonly comparison: Comparison | null;
  readonly scans: readonly ReportedScan[];
}

/** A run with what its folder has. */
export interface ReportedRun {
  readonly summary: RunSummary;
  /** As it was named. */
  readonly folder: string;
  /** null where there is none. */
  readonly evidence: Evidence | null;
  /** Why parts are left out. */
  readonly missing: readonly string[];
  /** The rounds as SVG that this package drew, for wide and for narrow screens; null without rounds. */
  readonly curves: {readonly wide: string; readonly narrow: string} | null;
  readonly tables: readonly MethodTable[];
  readonly pictures: readonly MethodPicture[];
}

/** A table that a method wrote besides its rounds. */
export interface MethodTable {
  /** Such as `triggers`. */
  readonly name: string;
  readonly file: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Rows of the file that are not shown. */
  readonly more: number;
}

/** A picture that a method or a scan wrote. */
export interface MethodPicture {
  /** Such as `masks`. */
  readonly name: string;
  readonly file: string;
  /** A data URI of a PNG. */
  readonly image: string;
}

/** A scan with the pictures of its triggers. */
export interface ReportedScan {
  readonly summary: ScanSummary;
  /** As it was named. */
  readonly folder: string;
  readonly pictures: readonly MethodPicture[];
}
