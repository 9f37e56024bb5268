import type {SauError} from '../base/errors.js';
import type {NativeDeviceInfo} from '../native/contract.js';
import type {LibTorch, LibTorchAttempt} from '../native/libtorch.js';
import type {NvidiaDriver} from '../native/nvidia_driver.js';
import type {Pins} from '../setup/pins.js';
import type {LibraryCheck, LibraryVersion} from './report.js';

/** The facts that were found, before they are judged. */
export interface DoctorFacts {
  readonly platform: string;
  readonly libraries: readonly LibraryVersion[];
  /** Why the addon or LibTorch was not found. */
  readonly failures: readonly SauError[];
  readonly tried: readonly LibTorchAttempt[];
  readonly libtorch: LibTorch | null;
  readonly linking: LibraryCheck | null;
  /** Where files of several builds lie together. */
  readonly mixed: string | null;
  readonly driver: NvidiaDriver | null;
  /** null: there is nothing to load. */
  readonly devices: NativeDeviceInfo | SauError | null;
  readonly pins: Pins;
}
