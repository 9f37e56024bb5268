import type {DataAttackKind, OwnOptions} from '../options/attacks/attacks.js';
import type {DataAttackConfig} from '../options/types.js';
import type {AttackContext, Triggers} from './attack_context.js';
import {badnet} from './badnet.js';
import {blended} from './blended.js';
import {ctrl} from './ctrl.js';
import {ftrojan} from './ftrojan.js';
import {lc} from './lc.js';
import {lf} from './lf.js';
import {sig} from './sig.js';
import {ssba} from './ssba.js';
import {trojannn} from './trojannn.js';

/** Makes the triggers of an attack. Throws ERR_CONFIG or ERR_DATASET for bad options. */
type MakeTriggers<Kind extends DataAttackKind> = (
  options: OwnOptions<Kind>,
  context: AttackContext,
) => Promise<Triggers>;

/** The makers of the attacks that poison data, one file each. */
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
  // The maker fits the kind, but TypeScript cannot see that through a union.
  const make = MAKERS[config.kind] as MakeTriggers<DataAttackKind>;
  return make(config as OwnOptions<DataAttackKind>, context);
}
