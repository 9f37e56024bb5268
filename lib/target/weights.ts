import type {StateDict} from '../checkpoint/tensor.js';

/**
 * The weights of a checkpoint until a session takes them. Nothing else keeps them, so that those of a large network do
 * not lie in memory beside the models while these work.
 */
export class UntakenWeights {
  #state: StateDict | null;

  constructor(state: StateDict) {
    this.#state = state;
  }

  /** Hands them over. They can be taken once. */
  take(): StateDict {
    const state = this.#state;
    if (state === null) throw new Error('expected weights that were not taken yet');
    this.#state = null;
    return state;
  }
}
