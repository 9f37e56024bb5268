import {SauError} from '../base/errors.js';
import {loadCore, toSauError} from '../native/binding.js';
import type {
  DefaultPrecision,
  NativeDeviceInfo,
  NativeSessionOptions,
  NativeTuning,
  PrecisionName,
} from '../native/contract.js';
import {DEVICE} from '../options/commands/common.js';
import {DEFEND} from '../options/commands/defend.js';
import {named} from '../options/named.js';
import {defaultsOf} from '../options/option.js';
import {optionError} from '../options/parse.js';
import {nativeProgram} from '../programs/native_program.js';
import type {Program} from '../programs/program.js';
import {checkSessionOptions} from './arguments.js';
import {Session} from './session.js';

/** Options of {@link createSession}; `device` may be `'auto'`: the first CUDA device, else the CPU. */
export interface SessionOptions
  extends Omit<NativeSessionOptions, 'precision' | 'evalPrecision' | 'deterministic' | 'tuning'> {
  /** The network, in the place of the architecture `model`, which is a name for it then. */
  readonly program?: Program | null;
  /**
   * By default what PyTorch computes in: fp32 on the CPU, float32 with TF32 convolutions on CUDA. `auto`: fp16 on
   * CUDA, bf16 on a CPU with hardware for it, else fp32. For ordinary training: bf16 on CUDA, fp32 on the CPU.
   */
  readonly precision?: PrecisionName | DefaultPrecision | 'auto';
  /**
   * Arithmetic of measurements. `auto`, the default: as `precision`, but as the outer step, tf32, where
   * that is fp16.
   */
  readonly evalPrecision?: PrecisionName | 'auto';
  /**
   * Equal seeds give equal runs on a GPU, which costs time; what has no deterministic form on the GPU fails
   * with ERR_NATIVE. Default false. On the CPU equal seeds give equal runs anyway.
   */
  readonly deterministic?: boolean;
  /** The use for which `auto` is chosen; default unlearning. */
  readonly purpose?: 'unlearning' | 'training';
  /** Settings that change cost and not results. Those that are left out have their defaults. */
  readonly tuning?: Partial<NativeTuning>;
}

/** The devices that LibTorch sees, and where LibTorch is. */
export interface FoundDevices extends NativeDeviceInfo {
  /** The folder of LibTorch. */
  readonly libtorch: string;
}

/**
 * Says which LibTorch is used and which devices it sees. Loads LibTorch. Throws ERR_LIBTORCH_NOT_FOUND,
 * ERR_LIBTORCH_VERSION, ERR_NATIVE.
 * @example
 * ```ts
 * const {cudaAvailable, cpuCapability, libtorch} = await deviceInfo();
 * console.log(cudaAvailable ? 'cuda' : cpuCapability, libtorch);
 * ```
 */
export async function deviceInfo(): Promise<FoundDevices> {
  const {core, libtorch} = await loadCore();
  return {...(await core.deviceInfo()), libtorch: libtorch.root};
}

/**
 * Opens a session: two models of one architecture (trainee and reference) and image sets on one device.
 * Loads LibTorch off the JS thread. Throws ERR_CONFIG, ERR_LIBTORCH_NOT_FOUND, ERR_LIBTORCH_VERSION, ERR_DEVICE.
 * @example
 * ```ts
 * const {stateDict} = await readCheckpoint('defense_result.pt');
 * using session = await createSession({
 *   device: 'auto',
 *   seed: 0,
 *   threads: 0,
 *   model: 'preactresnet18',
 *   numClasses: 10,
 *   mean: [0.4914, 0.4822, 0.4465],
 *   std: [0.247, 0.243, 0.261],
 * });
 * await session.loadStateDict(stateDict);
 * ```
 */
export async function createSession(options: SessionOptions): Promise<Session> {
  checkSessionOptions(options);
  const {core} = await loadCore();
  const info = await core.deviceInfo();
  const device = resolveDevice(options.device, info);
  const {purpose = 'unlearning', deterministic = false, program = null, ...given} = options;
  const asked = given.precision ?? DEVICE.precision.default;
  const precision =
    asked === 'auto' && purpose === 'training'
      ? TRAINING_PRECISION[device === 'cpu' ? 'cpu' : 'cuda']
      : resolvePrecision(asked, device, info);
  const evalPrecision = resolveEvalPrecision(given.evalPrecision ?? 'auto', precision, device);
  const tuning = {...defaultsOf(DEFEND['Cost (results stay the same)']), ...options.tuning};
  try {
    const native = new core.Session(
      {
        ...{...given, device, tuning},
        ...{precision, evalPrecision, deterministic},
      },
      program === null ? undefined : nativeProgram(program),
    );
    return new Session(native, device, nameOf(precision, device), program);
  } catch (error) {
    throw toSauError(error);
  }
}

/** Batch norm in training mode needs the exponent range of float32, which float16 lacks. */
const TRAINING_PRECISION = {cpu: 'fp32', cuda: 'bf16'} as const;

function resolveDevice(device: string, info: NativeDeviceInfo): string {
  if (device === 'auto') return info.cudaAvailable ? 'cuda:0' : 'cpu';
  if (device === 'cpu' || info.cudaAvailable) return device;
  throw new SauError(
    'ERR_DEVICE',
    `Expected a CUDA device for ${named('device')} ${device} but ` +
      (info.cudaBuilt
        ? 'LibTorch finds no usable GPU or driver. '
        : `this LibTorch ${info.libtorchVersion} is a CPU build. `) +
      `Run \`sau-native doctor\`, or set ${named('device')} to cpu.`,
    {details: {device, cudaBuilt: info.cudaBuilt}},
  );
}

type Resolved = PrecisionName | DefaultPrecision;

/** Throws ERR_CONFIG if the device does not have this precision. */
function resolvePrecision(
  precision: Resolved | 'auto',
  device: string,
  info: NativeDeviceInfo,
): Resolved {
  if (precision !== 'auto') return forDevice(precision, device, 'precision');
  return device === 'cpu' ? (info.cpuBf16 ? 'bf16' : 'fp32') : 'fp16';
}

/** A measurement has no attack: it is computed as the outer step. Throws ERR_CONFIG likewise. */
function resolveEvalPrecision(
  asked: PrecisionName | 'auto',
  precision: Resolved,
  device: string,
): Resolved {
  if (asked !== 'auto') return forDevice(asked, device, 'evalPrecision');
  return precision === 'fp16' ? 'tf32' : precision;
}

function forDevice(precision: Resolved, device: string, option: string): Resolved {
  if (device === 'cpu' && (precision === 'tf32' || precision === 'fp16')) {
    throw optionError(
      option,
      'fp32 or bf16 on the CPU',
      precision,
      'Use one of them, auto, or a CUDA device.',
    );
  }
  return precision;
}

/** What the default comes to on a device. */
function nameOf(precision: Resolved, device: string): PrecisionName {
  if (precision !== 'default') return precision;
  return device === 'cpu' ? 'fp32' : 'tf32';
}
