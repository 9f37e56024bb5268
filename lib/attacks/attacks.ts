import type {StateDict} from '../checkpoint/tensor.js';
import type {ImageSize} from '../datasets/decode.js';
import type {ImageSet} from '../datasets/image_set.js';
import type {DataAttackKind, OwnOptions} from '../options/attacks/attacks.js';
import type {DataAttackConfig} from '../options/types.js';
import type {RunOptions} from '../progress.js';
import type {Session} from '../session/session.js';
import {badnet} from './badnet.js';
import {blended} from './blended.js';
import {ctrl} from './ctrl.js';
import {ftrojan} from './ftrojan.js';
import {lc} from './lc.js';
import {lf} from './lf.js';
import {sig} from './sig.js';
import {ssba} from './ssba.js';
import type {Trigger} from './trigger.js';
import {trojannn} from './trojannn.js';

/** What an attack may need besides its options to make its trigger. */
export interface AttackContext {
  readonly size: ImageSize;
  readonly targetLabel: number;
  readonly seed: number;
  /** The clean data set; positions are original indices. */
  readonly train: ImageSet;
  readonly test: ImageSet;
  /** Positions of the training images that will be poisoned. */
  readonly poisoned: Int32Array;
  readonly run: RunOptions;
  /** A session of the victim's architecture, normalisation and device; whoever asks disposes of it. */
  openSession(numClasses: number): Promise<Session>;
  /** Weights of a model that is not backdoored: of a checkpoint, or without a path of one trained now. */
  cleanModel(path: string | null): Promise<StateDict>;
}

/** The trigger of an attack; some are weaker or stronger at test time. */
export interface Triggers {
  readonly train: Trigger;
  readonly test: Trigger;
  /** What the trigger looks like, for the record: uint8 [3,H,W] planes under a file name. */
  readonly picture?: TriggerPicture;
}

export interface TriggerPicture {
  readonly name: 'trojannn_trigger.png';
  readonly planes: Uint8Array;
}

/** Makes the triggers of an attack. Throws ERR_CONFIG or ERR_DATASET for bad options. */
type MakeTriggers<Kind extends DataAttackKind> = (
  options: OwnOptions<Kind>,
  context: AttackContext,
) => Promise<Triggers>;

/** What each attack that poisons data does; one file each. */
const MAKERS: {readonly [Kind in DataAttackKind]: MakeTriggers<Kind>} = {
  badnet,
  blended,
  sig,
  lf,
  ssba,
  lc,
  ftrojan,
  ctrl,
  trojannn,
};

/** Makes the triggers of the attack that a configuration asks for. */
export function makeTriggers(config: DataAttackConfig, context: AttackContext): Promise<Triggers> {
  // The maker belongs to the kind, which TypeScript does not follow through a union.
  const make = MAKERS[config.kind] as MakeTriggers<DataAttackKind>;
  return make(config as OwnOptions<DataAttackKind>, context);
}
