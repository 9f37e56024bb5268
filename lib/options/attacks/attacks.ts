import type {ConfigOf} from '../option.js';
import type {AttackEntry} from './attack_entry.js';
import {DATA_ATTACKS} from './data_attacks.js';
import {TRAINING_ATTACKS} from './training_attacks.js';

/** Every attack that can be simulated (specification B4). */
export const ATTACK_TABLE = {...DATA_ATTACKS, ...TRAINING_ATTACKS} as const satisfies Readonly<
  Record<string, AttackEntry>
>;

/** The name of an attack; docs/attacks.md describes each one. */
export type AttackKind = keyof typeof ATTACK_TABLE;
/** Attacks that poison the images before training. */
export type DataAttackKind = keyof typeof DATA_ATTACKS;
/** Attacks that poison each batch of the training. */
export type TrainingAttackKind = keyof typeof TRAINING_ATTACKS;
export const ATTACK_KINDS = Object.keys(ATTACK_TABLE) as readonly AttackKind[];

/** The values of an attack's own options. */
export type OwnOptions<Kind extends AttackKind> = ConfigOf<(typeof ATTACK_TABLE)[Kind]['options']>;
