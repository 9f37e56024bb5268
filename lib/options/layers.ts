import type {Spelling} from './named.js';
import type {OptionLayer} from './official.js';
import type {UserOptions} from './parse.js';

/** Pairs of options that exclude each other: either one in a later layer replaces the one of an earlier layer. */
const ALTERNATIVES: Readonly<Record<string, string>> = {
  ckpt: 'resultFile',
  resultFile: 'ckpt',
  out: 'saveFolderName',
  saveFolderName: 'out',
};

/** Options of several layers, the later ones winning, and how the user wrote each of them. */
export function mergeLayers(
  layers: readonly OptionLayer[],
  spell: Spelling,
): {options: UserOptions; spell: Spelling; notes: readonly string[]} {
  const options: Record<string, unknown> = {};
  const spelled: Record<string, string> = {};
  for (const layer of layers) {
    for (const option of Object.keys(layer.options)) {
      const alternative = ALTERNATIVES[option];
      if (alternative !== undefined && !(alternative in layer.options)) {
        delete options[alternative];
      }
      delete spelled[option];
    }
    Object.assign(options, layer.options);
    Object.assign(spelled, layer.spelled);
  }
  return {
    options,
    spell: (option) => spelled[option] ?? spell(option),
    notes: layers.flatMap((layer) => layer.notes),
  };
}
