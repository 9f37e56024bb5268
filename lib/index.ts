export {attack} from './attack.js';
export type {LabelModeKind} from './attacks/poison.js';
export {ERROR_CODES, SauError, type SauErrorCode, type SauErrorOptions} from './base/errors.js';
export type {CheckpointFormat} from './checkpoint/checkpoint_file.js';
export type {ForeignFormat} from './checkpoint/foreign_file.js';
export type {DType, StateDict, TensorData} from './checkpoint/tensor.js';
export type {ComparedMethod, ComparedRun, Comparison} from './compare/comparison.js';
export type {MethodEstimate} from './compare/estimate.js';
export type {AboutRun, CompareProgress} from './compare/progress.js';
export {readComparison} from './compare/read_comparison.js';
export type {Spread} from './compare/spread.js';
export {
  type CompareFiles,
  type CompareResult,
  type CompareRunOptions,
  compare,
} from './compare.js';
export {type FetchResult, fetchDataset} from './data.js';
export type {ImageSet} from './datasets/image_set.js';
export type {
  ImageSizes,
  SizeCount,
  SizeExample,
  UnreadableImage,
} from './datasets/image_sizes.js';
export type {
  InspectedClass,
  InspectedDataset,
  InspectedOptions,
  InspectedSplit,
} from './datasets/inspect_dataset.js';
export type {DatasetChoice, FetchedName, FormatName, KnownName} from './datasets/known.js';
export {type DefendRunOptions, defend} from './defend.js';
export type {DefenseName} from './defenses/defenses.js';
export {type DemoFiles, type DemoResult, demo} from './demo.js';
export type {
  CudaVerdict,
  FoundAddon,
  FoundLibTorch,
  LibraryCheck,
  LibraryVersion,
  MissingLibrary,
  MissingVersion,
} from './doctor/report.js';
export {type DoctorCode, type DoctorProblem, type DoctorReport, doctor} from './doctor.js';
export type {DownloadProgress, DownloadRunOptions} from './download/progress.js';
export type {ProxyVariable} from './download/proxy.js';
export {evaluate} from './evaluate.js';
export {inspectDataset} from './inspect.js';
export type {ArchitectureName, ModelName} from './models/names.js';
export {type ModelInfo, models} from './models.js';
export type {
  NativeAdversarialOptions as AdversarialOptions,
  NativeLfOptions as LfOptions,
  NativeLfPattern as LfPattern,
  NativePicture as Picture,
  NativePoisonedImages as PoisonedImages,
  NativeStegaImages as StegaImages,
  NativeStegaOptions as StegaOptions,
  NativeTrainingAttack as TrainingAttack,
  NativeTrojanOptions as TrojanOptions,
  NativeTrojanTrigger as TrojanTrigger,
  NativeWarpOptions as WarpOptions,
  PoisonedRole,
} from './native/attack_contract.js';
export type {AddonFiles} from './native/binding.js';
export type {
  DefaultPrecision,
  ExecutionName,
  NativeCudaDevice as CudaDevice,
  NativeDeviceInfo as DeviceInfo,
  NativeTuning as Tuning,
  PrecisionName,
} from './native/contract.js';
export type {
  ImageRole,
  ModelRole,
  NativeCam as GradCam,
  NativeTensor as NamedTensor,
  NativeTensors as NamedTensors,
} from './native/data_contract.js';
export type {LibTorch, LibTorchAttempt} from './native/libtorch.js';
export type {NvidiaDriver} from './native/nvidia_driver.js';
export type {NativeArgument as ProgramArgument} from './native/program_contract.js';
export type {
  NativeAnpOptions as AnpOptions,
  NativeCompat as Compat,
  NativeEpOptions as EpOptions,
  NativeFpOptions as FpOptions,
  NativeMaskLadder as MaskLadder,
  NativeOutlierOptions as OutlierOptions,
  NativeRnpOptions as RnpOptions,
  NativeSelection as SelectionOptions,
} from './native/pruning_contract.js';
export type {
  InitName,
  NativeDefendOptions as SessionDefendOptions,
  NativeDefendRounds as DefendRounds,
  NativeEpochOptions as EpochOptions,
  NativeFtOptions as FtOptions,
  NativeFtsamOptions as FtsamOptions,
  NativeHypergradientOptions as HypergradientOptions,
  NativeIbauOptions as IbauOptions,
  NativeInversionOptions as InversionOptions,
  NativeMethod as Method,
  NativeMethods as Methods,
  NativeNadOptions as NadOptions,
  NativeNcOptions as NcOptions,
  NativeNpdOptions as NpdOptions,
  NativeOptimizerOptions as OptimizerOptions,
  NativeOuterGradient as OuterGradient,
  NativePgdOptions as PgdOptions,
  NativePolarizingOptions as PolarizingOptions,
  NativeSamOptions as SamOptions,
  NativeSauLossOptions as SauLossOptions,
  NativeSauOptions as SauOptions,
  NormName,
  ScheduleName,
  StopReason,
} from './native/run_contract.js';
export type {
  NativeMarginOptions as MarginOptions,
  NativeScanFindings as ScanFindings,
  NativeScanOptions as SessionScanOptions,
  NativeSharedLabelsOptions as SharedLabelsOptions,
  NativeStatistics as Statistics,
  NativeUniversalOptions as UniversalOptions,
} from './native/scan_contract.js';
export type {AttackKind} from './options/attacks/attacks.js';
export {DEFAULTS, type Defaults} from './options/defaults.js';
export type * from './options/documented.js';
export type {DeviceName} from './options/option.js';
export type {Program, ProgramNode, ProgramWeight} from './programs/program.js';
export {readProgram} from './programs/read_program.js';
export type {BackdoorRecord, PoisonedDatasetState, PoisonedImage} from './records/attack_result.js';
export type {
  CheckpointDescription,
  DatasetDescription,
  ModelDescription,
  RecordDescription,
  TensorDescription,
} from './records/description.js';
export {inspectCheckpoint as inspect} from './records/inspect.js';
export {type Checkpoint, readCheckpoint, type Weights} from './records/read_checkpoint.js';
export {readRun} from './records/run.js';
export type {
  RunCleanSubset,
  RunCost,
  RunDataset,
  RunFile,
  RunRound,
  RunSummary,
  RunVersions,
} from './records/run_summary.js';
export type {
  ScanClass,
  ScanIndex,
  ScanScale,
  ScanStatistic,
  ScanSummary,
  ScanThreshold,
  ScanVerdict,
  StatisticName,
} from './records/scan_summary.js';
export type {Suitability} from './records/suitability.js';
export {type CheckpointToWrite, writeCheckpoint} from './records/write_checkpoint.js';
export {type ReportResult, report} from './report.js';
export type {FailedGate} from './run/gates.js';
export {defenseEffectivenessRating, type Metrics} from './run/metrics.js';
export type {ImageWork, Progress, RunOptions} from './run/progress.js';
export type {
  AttackFiles,
  AttackResult,
  DefendFiles,
  DefendResult,
  EvaluateResult,
  Passes,
  RoundReport,
  Selection,
} from './run/results.js';
export type {Run} from './run/run.js';
export {
  type Judged,
  type PurificationVerdict,
  purificationVerdict,
  type VerdictFigures,
  type VerdictState,
} from './run/verdict.js';
export type {UnknownBecause} from './run/verdict_types.js';
export type {SandboxSupport} from './sandbox/kernel.js';
export {type ScanResult, scan} from './scan.js';
export {
  createSession,
  deviceInfo,
  type FoundDevices,
  type SessionOptions,
} from './session/open_session.js';
export {
  type DefenseKeeping,
  Session,
  type TrainingPart,
  type TrainOptions,
} from './session/session.js';
export type {Variant} from './setup/pins.js';
export {
  removeSetup,
  type SetupProgress,
  type SetupRemoval,
  type SetupResult,
  type SetupRunOptions,
  setup,
} from './setup.js';
export type {EngineName} from './sweep/engines/engines.js';
export type {RecordedFailure, StepFailure} from './sweep/failure.js';
export type {SweepProgress} from './sweep/progress.js';
export {type SweepReportResult, sweepReport} from './sweep/report/sweep_report.js';
export {
  type StepState,
  type StepStatus,
  type SweepCounts,
  type SweepStatus,
  sweepStatus,
} from './sweep/status.js';
export type {StepLabels, SweepStep} from './sweep/steps.js';
export {type SweepResult, type SweepRunOptions, sweep} from './sweep.js';
export type {Estimate, EstimatePart, Shorter, ShorterOptions} from './time/estimate.js';
export type {ImagePace} from './time/planned_work.js';
