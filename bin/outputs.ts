import type {Plan} from '../lib/compare/plan.js';
import type {CompareResult} from '../lib/compare.js';
import type {FetchResult} from '../lib/data.js';
import type {InspectedDataset} from '../lib/datasets/inspect_dataset.js';
import type {DemoResult} from '../lib/demo.js';
import type {DoctorReport} from '../lib/doctor.js';
import type {ModelInfo} from '../lib/models.js';
import type {RecordNotesFile} from '../lib/records/attack_record.js';
import type {DefenseConfigFile} from '../lib/records/defense_result.js';
import type {CheckpointDescription} from '../lib/records/description.js';
import type {Evidence} from '../lib/records/evidence.js';
import type {RunSummary, RunVersions} from '../lib/records/run_summary.js';
import type {ScanSummary} from '../lib/records/scan_summary.js';
import type {SCHEMA_VERSION} from '../lib/records/schema_version.js';
import type {ReportResult} from '../lib/report.js';
import type {AttackResult, DefendResult, EvaluateResult, RoundReport} from '../lib/run/results.js';
import type {ScanResult} from '../lib/scan.js';
import type {SetupRemoval, SetupResult} from '../lib/setup.js';
import type {FailureFile} from '../lib/sweep/failure.js';
import type {SweepReportResult} from '../lib/sweep/report/sweep_report.js';
import type {SweepStatus} from '../lib/sweep/status.js';
import type {SweepStep} from '../lib/sweep/steps.js';
import type {SweepFile} from '../lib/sweep/sweep_file.js';
import type {SweepResult} from '../lib/sweep.js';

// The form of every JSON document that the commands print and write. `npm run schemas` makes schemas/ from these types
// and their comments.

/** What every document has. */
interface Versioned {
  /** Version of the form of this document; a later one is another number. */
  readonly schemaVersion: typeof SCHEMA_VERSION;
}

/** What was computed with LibTorch. */
interface Computed extends Versioned {
  /** What it was computed with. */
  readonly versions: RunVersions;
}

/** What chance had a part in. */
interface Seeded extends Computed {
  /** Of everything random. */
  readonly seed: number;
}

/** What `--json` prints, by the command. */
export interface Printed {
  /** What `sau-native attack <kind> --json` prints. */
  readonly attack: Seeded & AttackResult;
  /** What `sau-native compare --json` prints. */
  readonly compare: Computed & {
    /** Of the runs of each method. */
    readonly seeds: readonly number[];
  } & CompareResult;
  /** What `sau-native data <dataset> --json` prints. */
  readonly data: Versioned & FetchResult;
  /** What `sau-native defend --json` prints. */
  readonly defend: Seeded & DefendResult;
  /** What `sau-native demo --json` prints. */
  readonly demo: Seeded & DemoResult;
  /** What `sau-native doctor --json` prints. */
  readonly doctor: Versioned & DoctorReport;
  /** What every command prints with `--json` where it fails. */
  readonly error: Versioned & {
    /** Why it failed. */
    readonly error: {
      /** One of the codes of docs/errors.md, or ERR_UNEXPECTED. */
      readonly code: string;
      /** What was expected, what was received and what to do. */
      readonly message: string;
      /** The facts of the message, by name. */
      readonly details: Readonly<Record<string, unknown>>;
    };
  };
  /** What `sau-native evaluate --json` prints. */
  readonly evaluate: Computed & EvaluateResult;
  /** What `sau-native inspect --json` prints of a checkpoint, a record or a program. */
  readonly 'inspect-checkpoint': Versioned & CheckpointDescription;
  /** What `sau-native inspect --json` prints of a data set. */
  readonly 'inspect-dataset': Versioned & InspectedDataset;
  /** What `sau-native models --json` prints. */
  readonly models: Computed & {
    /** The architectures that are known. */
    readonly models: readonly ModelInfo[];
  };
  /** What `sau-native report --json` prints. */
  readonly report: Versioned & ReportResult;
  /** What `sau-native scan --json` prints. */
  readonly scan: ScanResult;
  /** What `sau-native setup --json` prints. */
  readonly setup: Versioned & SetupResult;
  /** What `sau-native setup --remove --json` prints. */
  readonly 'setup-remove': Versioned & SetupRemoval;
  /** What `sau-native sweep --json` prints. */
  readonly sweep: Versioned & SweepResult;
  /** What `sau-native sweep report --json` prints. */
  readonly 'sweep-report': Versioned & SweepReportResult;
  /** What `sau-native sweep status --json` prints. */
  readonly 'sweep-status': Versioned & SweepStatus;
  /** What `sau-native sweep step --json` prints. */
  readonly 'sweep-step': Versioned &
    Omit<SweepStep, 'options'> & {
      /** Whether there was nothing to do. */
      readonly wasDone: boolean;
      /** Wall time of this call. */
      readonly seconds: number;
    };
}

/** What commands write as JSON, by the name of the file without its ending. */
export interface Written {
  /** `compare.json` in the folder of a comparison: its runs and their options; their results are in the runs' folders. */
  readonly 'file-compare': Plan;
  /** `config.json` in the folder of a defense: its options and measurements. */
  readonly 'file-config': DefenseConfigFile;
  /** `evidence.json` in the folder of a run: what the report shows besides figures. */
  readonly 'file-evidence': Evidence;
  /** A line of `rounds.jsonl` in the folder of a run. */
  readonly 'file-rounds-line': Versioned & RoundReport;
  /** `run.json` in the folder of a run. */
  readonly 'file-run': RunSummary;
  /** `scan.json` in the folder of a scan. */
  readonly 'file-scan': ScanSummary;
  /** `sweep.json` in the folder of a sweep: its plan and its steps; what became of these is in their folders. */
  readonly 'file-sweep': SweepFile;
  /** `failures/<id>.json` in the folder of a sweep: why the last try of a step failed. */
  readonly 'file-sweep-failure': FailureFile;
  /** `sau_native.json` in a record: what BackdoorBench's format has no place for. */
  readonly 'file-sau_native': RecordNotesFile;
}

/** Every document by the name of its schema. */
export type Outputs = Printed & Written;
