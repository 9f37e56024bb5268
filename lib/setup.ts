import {type DoctorProblem, problemsOf} from './doctor.js';
import {addonFiles} from './native/binding.js';
import type {LibTorch} from './native/libtorch.js';
import {parseSetupConfig} from './options/config.js';
import type {SetupOptions} from './options/documented.js';
import {SetupCache} from './setup/cache.js';
import {install, underLock} from './setup/install.js';
import {readPins, type Variant, variantOf} from './setup/pins.js';
import {planSetup, type SetupPlan} from './setup/plan.js';
import {runOf, type SetupRunOptions} from './setup/progress.js';

export type {SetupProgress, SetupRunOptions} from './setup/progress.js';

/** What {@link setup} did. */
export interface SetupResult {
  /** present: LibTorch was there already, and nothing was done. */
  readonly action: 'installed' | 'present';
  /** Where it is now. */
  readonly libtorch: LibTorch;
  /** For the CPU alone, or for NVIDIA GPUs too. */
  readonly variant: Variant;
  /** Why this variant. */
  readonly reason: string;
  /** The command, address or path of its source. */
  readonly from: string;
  /** The reasons why it cannot be used here. It was loaded in a separate process to find them. */
  readonly problems: readonly DoctorProblem[];
}

/** What {@link removeSetup} did. */
export interface SetupRemoval {
  /** Distinguishes this result from a {@link SetupResult}. */
  readonly action: 'removed';
  /** The package's cache folder. */
  readonly cache: string;
  /** Removed paths, which setup had made. */
  readonly removed: readonly string[];
  /** Paths in the cache that setup had not made, which stay. */
  readonly kept: readonly string[];
  /** Size of the removed paths in bytes. */
  readonly freedBytes: number;
}

/**
 * Fetches LibTorch into the package's cache, where later calls find it: through pip if python3 has it, else as the
 * official zip, or from `from`. It asks no question, because the call is the consent. A second call, even of
 * another process at the same time, finds it there. Throws ERR_CONFIG, ERR_DOWNLOAD, ERR_CHECKSUM, ERR_ARCHIVE,
 * ERR_LIBTORCH_VERSION, ERR_OUTPUT, ERR_NATIVE on a platform without LibTorch, or the reason of the signal.
 * @example
 * ```ts
 * const {action, libtorch} = await setup({variant: 'cpu'}, {onProgress: (p) => console.log(p)});
 * console.log(action, libtorch.root);
 * ```
 */
export async function setup(
  options: SetupOptions = {},
  runOptions: SetupRunOptions = {},
): Promise<SetupResult> {
  runOptions.signal?.throwIfAborted();
  return carryOut(await planFor(options), runOptions);
}

/** The plan that `setup` would carry out with these options. Changes nothing. */
export async function planFor(options: SetupOptions): Promise<SetupPlan> {
  return planSetup(parseSetupConfig(options), wantedVersion());
}

/** Carries out a plan. */
export async function carryOut(
  plan: SetupPlan,
  runOptions: SetupRunOptions = {},
): Promise<SetupResult> {
  const run = runOf(runOptions);
  run.signal.throwIfAborted();
  const {libtorch, wasPresent} = await install(plan, run);
  run.onProgress({kind: 'stage', message: 'loading it in a process of its own'});
  const problems = await problemsOf(libtorch, runOptions.signal);
  return {
    action: wasPresent ? 'present' : 'installed',
    libtorch,
    variant: variantOf(libtorch),
    reason: plan.reason,
    from: plan.from,
    problems,
  };
}

/** What `removeSetup` would remove and keep; changes nothing. */
export async function planRemoval(): Promise<Pick<SetupRemoval, 'cache' | 'removed' | 'kept'>> {
  const cache = new SetupCache();
  const {own, foreign} = await cache.contents();
  return {cache: cache.folder, removed: own, kept: foreign};
}

/**
 * Removes from the cache only what `setup` has put there. Throws ERR_OUTPUT.
 * @example
 * ```ts
 * const {removed, freedBytes} = await removeSetup();
 * console.log(`removed ${removed.length} folders, ${freedBytes} bytes`);
 * ```
 */
export async function removeSetup(runOptions: SetupRunOptions = {}): Promise<SetupRemoval> {
  const run = runOf(runOptions);
  run.signal.throwIfAborted();
  const cache = new SetupCache();
  const nothing = {
    action: 'removed',
    cache: cache.folder,
    removed: [],
    kept: [],
    freedBytes: 0,
  } as const;
  if (!(await cache.exists())) return nothing;
  const result = await underLock(cache, run, async () => {
    const {own, foreign} = await cache.contents();
    let freedBytes = 0;
    for (const path of own) {
      run.signal.throwIfAborted();
      freedBytes += await cache.remove(path);
    }
    return {...nothing, removed: own, kept: foreign, freedBytes};
  });
  await cache.removeIfEmpty();
  return result;
}

/** The version that the addon was built for, or the pinned one if there is no addon yet. */
function wantedVersion(): string {
  try {
    return addonFiles().libtorchVersion;
  } catch {
    return readPins().version;
  }
}
