import {KNOWN, type KnownName} from './datasets/known.js';
import {ARCHITECTURES, type ArchitectureName, MODEL_NAMES} from './models/names.js';
import {loadCore} from './native/binding.js';
import type {NativeCore} from './native/contract.js';

/** An architecture as it was published, with ten classes. */
export interface ModelInfo {
  /** What the option `model` takes. */
  readonly name: ArchitectureName;
  /** The name that people use. */
  readonly title: string;
  /** Whether BackdoorBench publishes results of it. */
  readonly benchmark: boolean;
  /** Side in pixels of the images that it was made for. */
  readonly inputSize: number;
  /** Base channels; `<name>_w<width>` has another number. */
  readonly width: number;
  /** Numbers that are trained. */
  readonly parameters: number;
  /** Entries of the state dict. */
  readonly entries: number;
  /** Multiply-accumulates of one image, by the side of the image in pixels. */
  readonly macs: Readonly<Record<number, number>>;
  /** The known data sets whose images it takes at their own size. */
  readonly datasets: readonly KnownName[];
}

const CLASSES = 10;

/**
 * The architectures that are known. Allocates no weights. Throws ERR_LIBTORCH_NOT_FOUND.
 * @example
 * ```ts
 * const {parameters, datasets} = (await models()).find(({name}) => name === 'vgg19_bn') ?? {};
 * console.log(parameters, datasets);
 * ```
 */
export async function models(): Promise<readonly ModelInfo[]> {
  const {core} = await loadCore();
  return MODEL_NAMES.map((name) => infoOf(core, name));
}

function infoOf(core: NativeCore, name: ArchitectureName): ModelInfo {
  const {inputSize, width, parameters, layers} = core.describeModel(name, CLASSES);
  const facts: {title: string; benchmark?: true} = ARCHITECTURES[name];
  const macs = new Map<number, number>();
  for (const size of new Set([...Object.values(KNOWN).map((known) => known.size), inputSize])) {
    const cost = macsAt(core, name, size);
    if (cost !== null) macs.set(size, cost);
  }
  const datasets = (Object.keys(KNOWN) as KnownName[]).filter((set) => macs.has(KNOWN[set].size));
  return {
    name,
    title: facts.title,
    benchmark: facts.benchmark === true,
    ...{inputSize, width, parameters, entries: layers.length},
    macs: Object.fromEntries(macs),
    datasets,
  };
}

/** null where the images are too small for the network. */
function macsAt(core: NativeCore, name: string, size: number): number | null {
  try {
    return core.functional.net.cost(name, CLASSES, size, size).macs;
  } catch {
    return null;
  }
}
