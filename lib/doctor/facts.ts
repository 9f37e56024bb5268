import type {SauError} from '../base/errors.js';
import type {NativeDeviceInfo} from '../native/contract.js';
import type {LibTorch, LibTorchAttempt} from '../native/libtorch.js';
import type {NvidiaDriver} from '../native/nvidia_driver.js';
import type {Pins} from '../setup/pins.js';
import type {LibraryCheck, LibraryVersion} from './report.js';

/** What was found, before it is judged. */
export interface DoctorFacts {
  readonly platform: string;
  readonly libraries: readonly LibraryVersion[];
  /** What kept the addon or LibTorch from being found. */
  readonly failures: readonly SauError[];
  readonly tried: readonly LibTorchAttempt[];
  readonly libtorch: LibTorch | null;
  readonly linking: LibraryCheck | null;
  /** Files of several builds in one place: where. */
  readonly mixed: string | null;
  readonly driver: NvidiaDriver | null;
  /** null: there is nothing to load. */
  readonly devices: NativeDeviceInfo | SauError | null;
  readonly pins: Pins;
}
