import {expect, it} from 'vitest';
import {flagName} from '../../../bin/flags.js';
import {
  ATTACK_FLAGS,
  DEFEND_FLAGS,
  DEMO_FLAGS,
  EVALUATE_FLAGS,
  type FlagGroups,
  keysOf,
  SETUP_FLAGS,
} from '../../../bin/option_tables.js';
import type {AttackEntry} from '../../../lib/config/attack_entry.js';
import {ATTACK_TABLE} from '../../../lib/config/attack_table.js';
import {DEFAULTS, DEMO_DEFAULTS, SETUP_DEFAULTS} from '../../../lib/config.js';

it.each<[string, FlagGroups, readonly string[]]>([
  ['defend', DEFEND_FLAGS, [...Object.keys(DEFAULTS.defend), 'ckpt', 'resultFile']],
  ['evaluate', EVALUATE_FLAGS, [...Object.keys(DEFAULTS.evaluate), 'ckpt', 'resultFile']],
  ['demo', DEMO_FLAGS, Object.keys(DEMO_DEFAULTS)],
  ['setup', SETUP_FLAGS, Object.keys(SETUP_DEFAULTS)],
  ['attack', ATTACK_FLAGS, [...Object.keys(DEFAULTS.attack), 'labelMode', 'out', 'saveFolderName']],
])('every option of %s has one flag, and no flag is without an option', (_, flags, options) => {
  expect([...keysOf(flags)].sort()).toEqual([...options].sort());
});

it.each(Object.entries<AttackEntry>(ATTACK_TABLE))(
  'no option of %s alone has the name of one that all attacks have',
  (_, {options}) => {
    const common = keysOf(ATTACK_FLAGS);
    expect(Object.keys(options).filter((name) => common.includes(name))).toEqual([]);
  },
);

it('flags are the options in kebab-case', () => {
  expect(['evalBatchSize', 'lambda1', 'ckpt'].map(flagName)).toEqual([
    '--eval-batch-size',
    '--lambda1',
    '--ckpt',
  ]);
});
