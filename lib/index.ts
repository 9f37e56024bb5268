export {attack} from './attack.js';
export {type Checkpoint, readCheckpoint} from './checkpoint/read_checkpoint.js';
export type {DType, StateDict, TensorData} from './checkpoint/tensor.js';
export {type CheckpointToWrite, writeCheckpoint} from './checkpoint/write_checkpoint.js';
export type {AttackOptions, DefendOptions, DemoOptions, EvaluateOptions} from './config.js';
export type {ImageSet} from './datasets/image_set.js';
export {type DefendRunOptions, defend} from './defend.js';
export {type DemoResult, demo} from './demo.js';
export {type DoctorReport, doctor} from './doctor.js';
export {ERROR_CODES, SauError, type SauErrorCode} from './errors.js';
export {evaluate} from './evaluate.js';
export {defenseEffectivenessRating, type Metrics} from './metrics.js';
export type {
  ImageRole,
  ModelRole,
  NativeDeviceInfo as DeviceInfo,
  NativeOuterGradient as OuterGradient,
  NativePgdOptions as PgdOptions,
  NativeSauLossOptions as SauLossOptions,
  NativeUnlearnOptions as UnlearnOptions,
} from './native/contract.js';
export type {Progress, RunOptions} from './progress.js';
export type {AttackResult, DefendResult, EvaluateResult, RoundReport} from './results.js';
export type {Run} from './run.js';
export {
  createSession,
  deviceInfo,
  Session,
  type SessionOptions,
  type TrainingPart,
  type TrainOptions,
} from './session.js';
