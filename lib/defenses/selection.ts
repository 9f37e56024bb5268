import type {Selection} from '../run/results.js';

/** Whether the official tool's quirks are taken over (defenses E0). */
export const QUIRKS = {
  type: 'choice',
  choices: ['sound', 'reference'],
  help: "sound, or reference: with the official tool's quirks that change results",
  details:
    'Quirks that make no sense of a result, such as unreadable files, are never taken over. docs/defenses.md lists the others.',
  default: 'sound',
} as const;

/** The same of a method whose steps have quirks. */
export const COMPAT = {compat: {...QUIRKS, native: 'compat'}} as const;

/** The rules of a method that chooses. */
export type Rule = Exclude<Selection, 'last'>;

/** By what a method chooses among candidates (defenses E0): the rules that it allows. */
export function selecting<const Rules extends readonly Rule[]>(
  rules: Rules,
  {unset, maxDrop}: {unset: string; maxDrop: string},
) {
  return {
    select: {
      type: 'choice',
      choices: rules,
      help: 'by what is chosen how much is pruned: clean images that are set aside, a fixed threshold, or the test sets (oracle)',
      details:
        '`clean` sets the last fifth of the clean images aside and takes the strongest candidate before the first that ' +
        'loses too much accuracy on them. `oracle` is the rule of the official tool; a defender has no test sets, so ' +
        'that the result is marked.',
      unset,
      default: null,
    },
    maxDrop: {
      type: 'number',
      least: 0,
      below: 1,
      help: 'share of the accuracy that a candidate may lose, with select clean on the images that are set aside',
      unset: maxDrop,
      official: 'acc_ratio',
      default: null,
    },
  } as const;
}
