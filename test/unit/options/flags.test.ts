import {expect, it} from 'vitest';
import {respelled} from '../../../bin/errors.js';
import {
  attackFlags,
  compareFlags,
  defendFlags,
  type FlagGroups,
  flagGroups,
  flagName,
  keysOf,
} from '../../../bin/flags.js';
import {SauError} from '../../../lib/base/errors.js';
import {DEFENSE_NAMES, defenseTable} from '../../../lib/defenses/defenses.js';
import type {AttackEntry} from '../../../lib/options/attacks/attack_entry.js';
import {ATTACK_KINDS, ATTACK_TABLE} from '../../../lib/options/attacks/attacks.js';
import {ATTACK} from '../../../lib/options/commands/attack.js';
import {DEMO, EVALUATE, SETUP} from '../../../lib/options/commands/commands.js';
import {SCAN} from '../../../lib/options/commands/scan.js';
import {SWEEP, SWEEP_STEP} from '../../../lib/options/commands/sweep.js';
import {
  attackDefaults,
  COMPARE_DEFAULTS,
  DEFEND_DEFAULTS,
  DEMO_DEFAULTS,
  EVALUATE_DEFAULTS,
  SETUP_DEFAULTS,
  SWEEP_DEFAULTS,
  SWEEP_STEP_DEFAULTS,
  scanDefaults,
} from '../../../lib/options/defaults.js';
import {named} from '../../../lib/options/named.js';
import {tableOf} from '../../../lib/options/option.js';

const ofAllDefenses = Object.assign({}, ...Object.values(DEFEND_DEFAULTS));
const OF_METHODS = DEFENSE_NAMES.flatMap((name) => Object.keys(defenseTable(name)));
const OF_SEVERAL_METHODS = OF_METHODS.filter((name, i) => OF_METHODS.indexOf(name) < i);

it.each<[string, FlagGroups, readonly string[]]>([
  ['defend', defendFlags(), [...Object.keys(ofAllDefenses), 'ckpt', 'resultFile']],
  [
    'compare',
    compareFlags(),
    [
      ...Object.keys(COMPARE_DEFAULTS),
      ...new Set(OF_SEVERAL_METHODS),
      ...['ckpt', 'resultFile', 'set'],
    ],
  ],
  ['scan', flagGroups(SCAN), [...Object.keys(scanDefaults()), 'ckpt', 'resultFile']],
  ['evaluate', flagGroups(EVALUATE), [...Object.keys(EVALUATE_DEFAULTS), 'ckpt', 'resultFile']],
  ['demo', flagGroups(DEMO), Object.keys(DEMO_DEFAULTS)],
  ['setup', flagGroups(SETUP), Object.keys(SETUP_DEFAULTS)],
  ['sweep', flagGroups(SWEEP), Object.keys(SWEEP_DEFAULTS)],
  ['sweep step', flagGroups(SWEEP_STEP), Object.keys(SWEEP_STEP_DEFAULTS)],
  ...ATTACK_KINDS.map((kind): [string, FlagGroups, readonly string[]] => {
    const {kind: _, ...defaults} = attackDefaults(kind);
    return [kind, attackFlags(kind), [...Object.keys(defaults), 'out', 'saveFolderName']];
  }),
])('every option of %s has one flag, and no flag is without an option', (_, flags, options) => {
  expect([...keysOf(flags)].sort()).toEqual([...options].sort());
});

it.each(Object.entries<AttackEntry>(ATTACK_TABLE))(
  'no option of %s alone has the name of one that all attacks have',
  (_, {options}) => {
    const common = Object.keys(tableOf(ATTACK));
    expect(Object.keys(options).filter((name) => common.includes(name))).toEqual([]);
  },
);

it('the help of defend tells the default of each method where they differ', () => {
  const {Defense: shared = []} = defendFlags();
  const helpOf = (name: string) => shared.find(({key}) => key === name)?.help;
  expect(helpOf('batchSize')).toBe(
    'images per batch (default: sau, ft, fp, nad, nc, anp, ep, ibau, ftsam, rnp: 256; npd: 128, 256 for cifar100)',
  );
  expect(helpOf('learningRate')).toBe(
    'learning rate (default: sau, ibau: 0.0001; ft, fp, nad, nc, anp, ftsam, npd: 0.01)',
  );
  expect(helpOf('rounds')).toBe(
    'passes over the clean images (default: sau: 100, 20 for tiny; ft, fp, nc: 100, 200 for tiny; nad: 10; ibau: 5; ftsam: 100, 50 for gtsrb; npd: 50, 100 for cifar100)',
  );
});

it('flags are the options in kebab-case', () => {
  expect(['evalBatchSize', 'lambda1', 'ckpt'].map(flagName)).toEqual([
    '--eval-batch-size',
    '--lambda1',
    '--ckpt',
  ]);
});

it('an error names options as the library does, and on the command line as flags', () => {
  const text = `Expected a folder for ${named('clean')} but a clean image has no batchSize in a/batchSize`;
  const error = new SauError('ERR_CONFIG', text, {remedy: `Set ${named('force')}.`});
  expect(error.message).toBe(
    'Expected a folder for clean but a clean image has no batchSize in a/batchSize Set force.',
  );
  expect(error.remedy).toBe('Set force.');
  // The native core names options without marking them.
  expect(respelled(error, flagName).message).toBe(
    'Expected a folder for --clean but a clean image has no --batch-size in a/batchSize Set --force.',
  );
});
