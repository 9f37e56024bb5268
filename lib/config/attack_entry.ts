// The form of what attack_table.ts says of an attack.

interface Described {
  readonly help: string;
}

/** A number between `least` and `most`, both allowed. */
export interface NumberOption extends Described {
  readonly type: 'number' | 'integer';
  readonly least: number;
  readonly most: number;
  readonly default: number;
}

export interface ChoiceOption extends Described {
  readonly type: 'choice';
  readonly choices: readonly string[];
  /** Anything that is no choice is the path of a file. */
  readonly orFile: boolean;
  readonly default: string;
}

/** The path of a file; null: none. */
export interface FileOption extends Described {
  readonly type: 'file';
  readonly default: null;
}

export interface SwitchOption extends Described {
  readonly type: 'switch';
  readonly default: boolean;
}

export interface TextOption extends Described {
  readonly type: 'text';
  readonly default: string;
}

export type AttackOption = NumberOption | ChoiceOption | FileOption | SwitchOption | TextOption;

export interface AttackEntry {
  readonly summary: string;
  /** data: the images are poisoned before training; training: in every batch of it. */
  readonly poisons: 'data' | 'training';
  /** The label modes it works with; the first is the default. */
  readonly labelModes: readonly ('all2one' | 'all2all' | 'cleanLabel')[];
  /** Where it differs from the defaults of all attacks. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** By name, as in the API and, with two dashes, on the command line. */
  readonly options: Readonly<Record<string, AttackOption>>;
}

/** What a user gives for an option, once checked. */
export type ValueOf<Option> = Option extends {type: 'number' | 'integer'}
  ? number
  : Option extends {type: 'switch'}
    ? boolean
    : Option extends {type: 'file'}
      ? string | null
      : Option extends {type: 'choice'; orFile: false; choices: readonly (infer Choice)[]}
        ? Choice
        : string;
