import {expect, it} from 'vitest';
import {flagName} from '../../../bin/flags.js';
import {
  ATTACK_FLAGS,
  DEFEND_FLAGS,
  DEMO_FLAGS,
  EVALUATE_FLAGS,
  type FlagGroups,
  keysOf,
} from '../../../bin/option_tables.js';
import {ATTACKS} from '../../../lib/attacks/attacks.js';
import {DEFAULTS, DEMO_DEFAULTS} from '../../../lib/config.js';

const trigger = Object.values(ATTACKS).flatMap(({options}) => options.map(({name}) => name));

it.each<[string, FlagGroups, readonly string[]]>([
  ['defend', DEFEND_FLAGS, [...Object.keys(DEFAULTS.defend), 'ckpt', 'resultFile']],
  ['evaluate', EVALUATE_FLAGS, [...Object.keys(DEFAULTS.evaluate), 'ckpt', 'resultFile']],
  ['demo', DEMO_FLAGS, Object.keys(DEMO_DEFAULTS)],
  ['attack', ATTACK_FLAGS, [...Object.keys(DEFAULTS.attack), 'out', 'saveFolderName']],
])('every option of %s has one flag, and no flag is without an option', (name, flags, options) => {
  const own = name === 'attack' ? [...keysOf(flags), ...trigger] : keysOf(flags);
  expect(own.sort()).toEqual([...options].sort());
});

it('flags are the options in kebab-case', () => {
  expect(['evalBatchSize', 'lambda1', 'ckpt'].map(flagName)).toEqual([
    '--eval-batch-size',
    '--lambda1',
    '--ckpt',
  ]);
});
