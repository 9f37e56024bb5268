// The form of an option. A table of options is plain data without imports that cost time: the check of values
// (schema.ts), the types (types.ts, documented.ts), flags and help (bin/flags.ts), the official tool's
// names (official.ts), the native options (native.ts) and docs/options.md are made from it.

import type {UsualPart} from '../datasets/known.js';
import type {ModelName} from '../models/names.js';

/** What every option says of itself. */
interface Described {
  /** For the help, the API reference and docs/options.md: one line, no capital, no full stop. */
  readonly help: string;
  /** What the reference says besides: whole sentences. */
  readonly details?: string;
  /** What stands for the value in the help, such as `<px>`; by default what suits the type. */
  readonly value?: string;
  /** What happens without the option, where that is no value of its own. */
  readonly unset?: string;
  /** The official tool's names for it. */
  readonly official?: string | readonly string[];
  /** Where the native job's options have it, such as `pgd.normBound`; of a list, where each value goes. */
  readonly native?: string | readonly string[];
  /** The option that this one is another way to give: a configuration has that one alone. */
  readonly alias?: string;
}

/** Both ends are optional: `least` and `most` are allowed values, `above` and `below` are not. */
export interface Range {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

export interface NumberOption extends Described, Range {
  readonly type: 'number' | 'integer';
  readonly default?: number | null;
  /** The part of a data set's usual run that null stands for, see lib/datasets/known.ts. */
  readonly byDataset?: UsualPart<number>;
}

export interface SwitchOption extends Described {
  readonly type: 'switch';
  readonly default: boolean | null;
  /** The part of a data set's usual run that null stands for. */
  readonly byDataset?: UsualPart<boolean>;
}

export interface ChoiceOption extends Described {
  readonly type: 'choice';
  readonly choices: readonly string[];
  /** A value that is not one of the choices is the path of a file. */
  readonly orFile?: true;
  readonly default?: string | null;
  /** The part of a data set's usual run that null stands for. */
  readonly byDataset?: UsualPart<string>;
}

/** Some of the choices, in any order, each once. */
export interface ChoicesOption extends Described {
  readonly type: 'choices';
  readonly choices: readonly string[];
  readonly default: readonly string[] | null;
}

/** A path, or a `file:` URL. */
export interface PathOption extends Described {
  readonly type: 'path';
  /** As a noun: "a folder". */
  readonly expects: string;
  readonly default?: string | null;
}

export interface TextOption extends Described {
  readonly type: 'text';
  /** As a noun: "text". */
  readonly expects: string;
  /** It may be a path, so that a URL is taken as well. */
  readonly orPath?: true;
  readonly default?: string | null;
}

/** A list of numbers, each within the range. */
export interface NumbersOption extends Described, Range {
  readonly type: 'numbers';
  /** How many; without it at least one. */
  readonly count?: number;
  readonly integers?: true;
  /** As a noun with an example. */
  readonly expects: string;
  readonly default: readonly number[] | null;
}

/** Text of a form that schema.ts knows. */
export interface FormOption extends Described {
  readonly type: 'device' | 'model' | 'sha256' | 'sides';
  readonly default: string | null;
}

/** A number of bytes, as a number or as text with a unit. */
export interface BytesOption extends Described {
  readonly type: 'bytes';
  readonly default: number | null;
}

/** A share in [0,1], as a number or as text such as `5%`. */
export interface ShareOption extends Described {
  readonly type: 'share';
  readonly default: number | null;
}

/** Seconds, as a number or as text with units. */
export interface DurationOption extends Described {
  readonly type: 'duration';
  readonly default: number | null;
}

export type Option =
  | BytesOption
  | ShareOption
  | DurationOption
  | NumberOption
  | SwitchOption
  | ChoiceOption
  | ChoicesOption
  | PathOption
  | TextOption
  | NumbersOption
  | FormOption;

/** Options by name, as programs write it. */
export type OptionTable = Readonly<Record<string, Option>>;
/** The options of a command by heading of its help. */
export type OptionGroups = Readonly<Record<string, OptionTable>>;

/** `auto` takes the first CUDA device, else the CPU. */
export type DeviceName = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;

/** An option's value once it is checked, where it is not null. */
export type Checked<O> = O extends {type: 'number' | 'integer' | 'bytes' | 'share' | 'duration'}
  ? number
  : O extends {type: 'switch'}
    ? boolean
    : O extends {type: 'choice'; orFile: true}
      ? string
      : O extends {type: 'choice'; choices: readonly (infer Choice)[]}
        ? Choice
        : O extends {type: 'choices'; choices: readonly (infer Choice)[]}
          ? readonly Choice[]
          : O extends {type: 'numbers'; count: 2}
            ? readonly [number, number]
            : O extends {type: 'numbers'; count: 3}
              ? readonly [number, number, number]
              : O extends {type: 'numbers'}
                ? readonly number[]
                : O extends {type: 'device'}
                  ? DeviceName
                  : O extends {type: 'model'}
                    ? ModelName
                    : string;

/** An option's value once it is checked. */
export type ValueOf<O> = O extends {default: null} ? Checked<O> | null : Checked<O>;

/** The checked values of a table. */
export type ConfigOf<T> = {
  readonly [N in keyof T as T[N] extends {alias: string} ? never : N]: ValueOf<T[N]>;
};

/** What a program may give for an option. */
type Given<O> = O extends {type: 'path'} | {orFile: true}
  ? ValueOf<O> | URL
  : O extends {type: 'sides'}
    ? ValueOf<O> | number
    : O extends {type: 'bytes' | 'share' | 'duration'}
      ? ValueOf<O> | string
      : O extends {orPath: true}
        ? ValueOf<O> | number | URL
        : ValueOf<O>;

/** What a program may give for a table: each option may be left out. */
export type OptionsOf<T> = {readonly [N in keyof T]?: Given<T[N]> | undefined};

type Intersection<U> = (U extends unknown ? (each: U) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;

/** The options of all groups as one table. */
export type TableOf<G extends OptionGroups> = Intersection<G[keyof G]>;

/** The options of all groups as one table. */
export function tableOf<const G extends OptionGroups>(groups: G): TableOf<G> {
  return Object.assign({}, ...Object.values(groups)) as TableOf<G>;
}

/** The defaults of a table: of each option that may be left out. */
export type DefaultsOf<T> = {
  readonly [N in keyof T as T[N] extends {default: unknown} ? N : never]: T[N] extends {
    default: infer Value;
  }
    ? Value
    : never;
};

/** The defaults of a table: of each option that may be left out. */
export function defaultsOf<const T extends OptionTable>(table: T): DefaultsOf<T> {
  const named = Object.entries<Option>(table).filter(([, option]) => 'default' in option);
  return Object.fromEntries(
    named.map(([name, option]) => [name, option.default]),
  ) as unknown as DefaultsOf<T>;
}

/** The paths that a configuration gives to a table's options. */
export function pathsOf(table: OptionTable, config: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(table).flatMap(([name, {type}]) => {
    const value = config[name];
    return type === 'path' && typeof value === 'string' ? [value] : [];
  });
}
