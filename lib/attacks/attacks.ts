import {stat} from 'node:fs/promises';
import type {ImageSize} from '../datasets/decode.js';
import {SauError} from '../errors.js';
import {BADNET_PATCHES, badnetTrigger, badnetTriggerFromFile} from './badnet.js';
import type {LabelModeKind} from './label_mode.js';
import type {Trigger} from './trigger.js';

/** An option of one attack, from which its flag, help and check can be made. */
export interface AttackOption {
  /** As in the API and, with two dashes, on the command line. */
  readonly name: string;
  readonly description: string;
  readonly choices: readonly string[];
  /** Anything that is no choice is the path of a picture. */
  readonly acceptsFile: boolean;
  readonly default: string;
}

/** Given values by option name; what is absent takes its default. */
export type AttackOptionValues = Readonly<Record<string, string | undefined>>;

export interface Attack {
  readonly name: string;
  readonly summary: string;
  /** The label modes it works with; the first is the default. */
  readonly labelModes: readonly LabelModeKind[];
  readonly options: readonly AttackOption[];
  /**
   * Makes the trigger for images of this size.
   * @throws SauError ERR_CONFIG for a value that is neither a choice nor a file, ERR_DATASET for a file
   * that is no image
   */
  makeTrigger(values: AttackOptionValues, size: ImageSize): Promise<Trigger>;
}

const PATCH: AttackOption = {
  name: 'patch',
  description: 'patch in the bottom right corner, or a picture whose black parts are transparent',
  choices: BADNET_PATCHES,
  acceptsFile: true,
  default: 'white',
};

const badnet: Attack = {
  name: 'badnet',
  summary: 'BadNets: a small fixed patch replaces the pixels of a corner',
  labelModes: ['all2one', 'all2all'],
  options: [PATCH],
  async makeTrigger(values, size) {
    const value = values[PATCH.name] ?? PATCH.default;
    const builtIn = BADNET_PATCHES.find((patch) => patch === value);
    if (builtIn !== undefined) return badnetTrigger(builtIn, size);
    return badnetTriggerFromFile(await checkPicture(PATCH, value), size);
  },
};

async function checkPicture(option: AttackOption, value: string): Promise<string> {
  try {
    await stat(value);
    return value;
  } catch (cause) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected ${option.choices.join(', ')} or the path of a picture for --${option.name} but received ${value}`,
      {cause, details: {option: option.name, value}},
    );
  }
}

/** Every attack that can be simulated, by name. */
export const ATTACKS = {badnet} as const satisfies Readonly<Record<string, Attack>>;
