import type {OptionTable} from '../option.js';

/** What the table says of an attack; what it does is in lib/attacks and native/sau. */
export interface AttackEntry {
  readonly summary: string;
  /** data: the images are poisoned before training. training: every training batch is poisoned. */
  readonly poisons: 'data' | 'training';
  /** The label modes that the attack allows; the first is the default. */
  readonly labelModes: readonly ('all2one' | 'all2all' | 'cleanLabel')[];
  /** It makes its trigger with a fresh model of other classes, which a program cannot be. */
  readonly needsFreshModel?: true;
  /** Defaults that differ from those of all attacks. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** The options that it alone has. */
  readonly options: OptionTable;
}
