import {SauError} from '../base/errors.js';
import {EXPORT_ADVICE} from '../checkpoint/export_recipe.js';
import {misfitOf} from '../checkpoint/state_dict.js';
import type {DType, StateDict} from '../checkpoint/tensor.js';
import {classesOfHead, modelOfWeights} from '../models/identify.js';
import {isModelName} from '../models/names.js';
import {loadCore} from '../native/binding.js';
import type {NativeCore} from '../native/contract.js';

/** Whether the weights of a file can be purified. */
export interface Suitability {
  /** null where nothing can be said without LibTorch. */
  readonly purifiable: boolean | null;
  /** Why not; null if they can be purified. */
  readonly because: string | null;
  /** What to do about it; null where there is nothing to do, or nothing is known. */
  readonly advice: string | null;
  /** The name of their architecture, such as `preactresnet18`; null where it is not known. */
  readonly architecture: string | null;
}

/** What a file says about its weights. */
interface Claim {
  readonly path: string;
  readonly modelName: string | null;
  readonly numClasses: number | null;
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: DType;
    readonly shape: readonly number[];
  }[];
}

/** Compares weights with the architectures that the native core knows, without reading any. Loads LibTorch if it is there. */
export async function suitabilityOf(claim: Claim): Promise<Suitability> {
  const core = await loadCore().then(
    (loaded) => loaded.core,
    () => null,
  );
  if (core !== null) return compared(core, claim);
  const {modelName} = claim;
  return {
    purifiable: null,
    because: 'LibTorch, which knows the architectures, is missing or does not load',
    advice: 'Run `npx sau-native doctor`.',
    architecture: modelName !== null && isModelName(modelName) ? modelName : null,
  };
}

function compared(core: NativeCore, {path, modelName, numClasses, tensors}: Claim): Suitability {
  // No byte is needed to compare.
  const noData = new Uint8Array();
  const stateDict: StateDict = new Map(
    tensors.map(({name, dtype, shape}) => [name, {dtype, shape, data: noData}]),
  );
  const model = modelName ?? recognized(core, {path, stateDict});
  if (model === null || !isModelName(model)) {
    const because =
      model === null
        ? 'its weights are those of no architecture that is known here'
        : `its architecture ${JSON.stringify(model.slice(0, 80))} is not known here`;
    return {purifiable: false, because, advice: EXPORT_ADVICE, architecture: null};
  }
  const ofHead = classesOfHead(core, model, {path, stateDict});
  const classes = modelName === null ? (ofHead ?? numClasses) : (numClasses ?? ofHead);
  const {layers} = core.describeModel(model, classes ?? 1);
  const layout = layers.map(({key, dtype, shape}) => ({name: key, dtype, shape}));
  const misfit = misfitOf(stateDict, layout);
  if (misfit === null) return {purifiable: true, because: null, advice: null, architecture: model};
  const because = `its weights are not those of a ${model} of ${classes ?? 'some'} classes: ${misfit}`;
  return {purifiable: false, because, advice: null, architecture: model};
}

function recognized(
  core: NativeCore,
  weights: {readonly path: string; readonly stateDict: StateDict},
): string | null {
  try {
    return modelOfWeights(core, weights);
  } catch (error) {
    if (error instanceof SauError && error.code === 'ERR_CONFIG') return null;
    throw error;
  }
}
