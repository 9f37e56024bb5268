import type {SweepStep} from '../steps.js';

/** What a machine has. */
export interface Machine {
  /** CPU cores that this process may use. */
  readonly cores: number;
  /** The CUDA devices, as CUDA_VISIBLE_DEVICES names them. */
  readonly devices: readonly string[];
}

/** A place where one step at a time is done. */
export interface Slot {
  /** Variables of its processes, such as which GPU they see. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The places on a machine: one for each GPU where steps use them, else as many as its cores have threads for. `jobs` is
 * another number of them. There are no more than steps.
 */
export function slotsOf(
  steps: readonly Pick<SweepStep, 'options'>[],
  jobs: number | null,
  {cores, devices}: Machine,
): readonly Slot[] {
  const names = steps.map(({options}) => String(options.device ?? 'auto'));
  const usesGpu = devices.length > 0 && names.some((name) => name !== 'cpu');
  // A step that names its device counts all of them.
  const isFree = !names.some((name) => /^cuda:\d/.test(name));
  const usual = usesGpu ? devices.length : Math.max(1, Math.floor(cores / threadsOf(steps, cores)));
  const count = Math.max(1, Math.min(jobs ?? usual, steps.length));
  return Array.from({length: count}, (_, i) => {
    const device = usesGpu && isFree ? devices[i % devices.length] : undefined;
    return {env: device === undefined ? {} : {CUDA_VISIBLE_DEVICES: device}};
  });
}

/** Of the step that has the most; without a number LibTorch takes all cores. */
function threadsOf(steps: readonly Pick<SweepStep, 'options'>[], cores: number): number {
  const counts = steps.map(({options}) => Number(options.threads ?? 0) || cores);
  return counts.reduce((most, count) => Math.max(most, count), 1);
}

/** The names of a machine's CUDA devices where a process may see only some of them. */
export function visibleDevices(count: number, visible: string | undefined): readonly string[] {
  const named = visible?.split(',').map((name) => name.trim()) ?? [];
  return Array.from({length: count}, (_, i) => named[i] || String(i));
}
