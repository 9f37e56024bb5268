/**
 * Every attack that can be simulated (specification B4) with the options that it alone has and their
 * defaults. Plain data without imports: flags, help, checks, types and docs are made from it. What an
 * attack does is in lib/attacks.
 */
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

export const ATTACK_TABLE = {
  badnet: {
    summary: 'BadNets: a small fixed patch replaces the pixels of a corner',
    poisons: 'data',
    labelModes: ['all2one', 'all2all'],
    options: {
      patch: {
        type: 'choice',
        help: 'patch in the bottom right corner, or a picture whose black parts are transparent',
        choices: ['white', 'checkerboard'],
        orFile: true,
        default: 'white',
      },
    },
  },
} as const satisfies Readonly<Record<string, AttackEntry>>;

export type AttackKind = keyof typeof ATTACK_TABLE;
/** Attacks that poison the images before training. */
export type DataAttackKind = {
  [Kind in AttackKind]: (typeof ATTACK_TABLE)[Kind]['poisons'] extends 'data' ? Kind : never;
}[AttackKind];
export const ATTACK_KINDS = Object.keys(ATTACK_TABLE) as readonly AttackKind[];

type ValueOf<Option> = Option extends {type: 'number' | 'integer'}
  ? number
  : Option extends {type: 'switch'}
    ? boolean
    : Option extends {type: 'file'}
      ? string | null
      : Option extends {type: 'choice'; orFile: false; choices: readonly (infer Choice)[]}
        ? Choice
        : string;

/** The values of an attack's own options. */
export type OwnOptions<Kind extends AttackKind> = {
  readonly [Name in keyof (typeof ATTACK_TABLE)[Kind]['options']]: ValueOf<
    (typeof ATTACK_TABLE)[Kind]['options'][Name]
  >;
};
