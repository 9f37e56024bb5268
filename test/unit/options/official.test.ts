import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {layeredOptions} from '../../../bin/command.js';
import {respelled} from '../../../bin/errors.js';
import {defendFlags, keysOf} from '../../../bin/flags.js';
import {SauError} from '../../../lib/base/errors.js';
import {DEFENSES, type DefenseName, defenseOf} from '../../../lib/defenses/defenses.js';
import {ATTACK_KINDS} from '../../../lib/options/attacks/attacks.js';
import {ATTACK} from '../../../lib/options/commands/attack.js';
import {parseDefendConfig} from '../../../lib/options/config.js';
import type {Spelling} from '../../../lib/options/named.js';
import {fromOfficial, type OfficialName, officialNames} from '../../../lib/options/official.js';
import {layerOfYaml, readOptionFile} from '../../../lib/options/official_yaml.js';
import {tableOf} from '../../../lib/options/option.js';
import {optionsOfAttack, optionsOfDefense} from '../../../lib/options/tables.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sau-yaml-'));
});
afterAll(() => rm(folder, {recursive: true}));

const SAU_TABLE = optionsOfDefense('sau');
const SAU_NAMES = officialNames(SAU_TABLE, DEFENSES.sau.ignored);
const namesOfMethod = (method: DefenseName) =>
  officialNames(optionsOfDefense(method), defenseOf(method).ignored);
const FT_NAMES = namesOfMethod('ft');
const own = Object.keys(SAU_TABLE);

const layerOf = async (path: string) => layerOfYaml(await readOptionFile(path), SAU_NAMES, own);

async function yaml(text: string): Promise<string> {
  const path = join(folder, 'sau.yaml');
  await writeFile(path, text);
  return path;
}

describe("the official tool's names", () => {
  it.each<[string, readonly OfficialName[]]>([
    ['sau', SAU_NAMES],
    ...(['ft', 'ftsam', 'ibau', 'nc', 'nad'] as const).map(
      (method): [string, readonly OfficialName[]] => [method, namesOfMethod(method)],
    ),
    ['attack', officialNames(tableOf(ATTACK))],
    ...ATTACK_KINDS.map((kind): [string, readonly OfficialName[]] => [
      kind,
      officialNames(optionsOfAttack(kind)),
    ]),
  ])('of %s are told apart', (_, names) => {
    const official = names.map((name) => name.official);
    expect(new Set(official).size).toBe(official.length);
  });

  it('mean for fine-tuning what they mean there', () => {
    const {options, notes} = fromOfficial(
      {epochs: 7, lr: 0.1, sgd_momentum: 0.5, lr_scheduler: 'CosineAnnealingLR', amp: true},
      FT_NAMES,
    );
    const expected = {rounds: 7, learningRate: 0.1, momentum: 0.5, schedule: 'cosine'};
    expect(options).toEqual(expected);
    expect(notes).toEqual(['amp has a switch of its own here, precision: ignored']);
  });

  it('mean for the methods that train what their YAML files mean', () => {
    const sam = {rho_max: 8, label_smoothing: 0, alpha: 0.1, lr: 0.02, wd: 1e-4, epochs: 50};
    expect(fromOfficial(sam, namesOfMethod('ftsam')).options).toEqual({
      ...{rho: 8, labelSmoothing: 0, alpha: 0.1, learningRate: 0.02, weightDecay: 1e-4, rounds: 50},
    });
    const nc = {nc_epoch: 9, atk_succ_threshold: 95, patience: 3, unlearning_ratio: 0.3};
    expect(fromOfficial(nc, namesOfMethod('nc')).options).toEqual({
      ...{inversionEpochs: 9, triggerSuccess: 0.95, costPatience: 3, unlearningRatio: 0.3},
    });
    const nad = {te_epochs: 4, beta1: 1, beta2: 2, p: 3};
    expect(fromOfficial(nad, namesOfMethod('nad')).options).toEqual({
      ...{rounds: 4, attention1: 1, attention2: 2, attentionPower: 3},
    });
    const ibau = {n_rounds: 3, K: 7, lr: 0.001, adam_betas: [0.5, 0.9], epochs: 100};
    expect(fromOfficial(ibau, namesOfMethod('ibau')).options).toEqual({
      ...{rounds: 3, fixedPoints: 7, learningRate: 0.001, adamBetas: [0.5, 0.9]},
    });
  });

  it('give the configuration that our names give', async () => {
    const path = await yaml(`
result_file: badnet_demo
dataset: cifar10
dataset_path: ./data
device: cuda:2,3,7
ratio: 0.1
random_seed: 3
n_rounds: 7
batch_size: 64
outer_steps: 2
train_mode: on
norm_type: L2
trigger_norm: 1.5
adv_lr: 0.1
adv_steps: 9
pgd_init: random
beta_1: 0.5
beta_2: 0.25
lmd_1: 2
lmd_2: 3
lmd_3: 4
client_optimizer: sgd
lr: 0.01
wd: 0.0005
adam_betas: (0.8, 0.9)
index: null
epochs: 100
amp: True
lr_scheduler: CosineAnnealingLR
mystery: 1
`);
    const layer = await layerOf(path);
    expect(parseDefendConfig(layer.options)).toEqual(
      parseDefendConfig({
        ckpt: 'record/badnet_demo',
        dataset: 'cifar10',
        data: 'data/cifar10',
        device: 'cuda:2',
        clean: '0.1',
        seed: 3,
        rounds: 7,
        batchSize: 64,
        outerSteps: 2,
        trainMode: true,
        norm: 'L2',
        normBound: 1.5,
        stepSize: 0.1,
        steps: 9,
        init: 'random',
        beta1: 0.5,
        beta2: 0.25,
        lambda1: 2,
        lambda2: 3,
        lambda3: 4,
        optimizer: 'sgd',
        learningRate: 0.01,
        weightDecay: 0.0005,
        adamBetas: [0.8, 0.9],
      }),
    );
    expect(layer.notes.map((note) => note.replace(`${path}: `, ''))).toEqual([
      'device cuda:2,3,7: one device is used, cuda:2',
      'epochs has no effect in the official tool: ignored',
      'amp has no effect in the official tool: ignored',
      'lr_scheduler has no effect in the official tool: ignored',
      'mystery is not an option of the official tool that is known here: ignored',
    ]);
  });

  it('let an index file win over a ratio, and keep a ratio of 1 a ratio', () => {
    const both = fromOfficial({index: 'index.txt', ratio: 0.05}, SAU_NAMES);
    expect(both.options).toEqual({clean: 'index.txt'});
    expect(fromOfficial({ratio: 1}, SAU_NAMES).options).toEqual({clean: '1.0'});
  });

  it('fall back to adam for an unknown optimizer, and say so', () => {
    const layer = fromOfficial({client_optimizer: 'adamax'}, SAU_NAMES);
    expect(layer.options).toEqual({optimizer: 'adam'});
    expect(layer.notes).toHaveLength(1);
  });
});

describe('a configuration file', () => {
  it('may use our names', async () => {
    const path = await yaml('stepSize: 0.1\nlr: 0.5\n');
    const layer = await layerOf(path);
    expect(layer.options).toEqual({stepSize: 0.1, learningRate: 0.5});
  });

  it('may be empty', async () => {
    const layer = await layerOf(await yaml('# nothing\n'));
    expect(layer.options).toEqual({});
  });

  it.each([
    [
      '- 1\n',
      /^Expected a map of option names to values in .* but received a list\. Write lines such as/,
    ],
    ['text\n', /but received string\. Write lines such as/],
    ['a: [1\n', /^Expected a readable YAML file for config but received /],
    ['a: !x 1\n', /sau\.yaml: Unresolved tag/],
  ])('is refused when it is %j', async (text, message) => {
    const reading = readOptionFile(await yaml(text));
    await expect(reading).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(message),
    });
  });

  it('is refused when it is longer than any list of options', async () => {
    const reading = readOptionFile(await yaml('a: 1\n'.repeat(20_000)));
    await expect(reading).rejects.toThrow('it has 100000 bytes, more than 65536');
  });

  it('is refused when it is not there', async () => {
    const reading = readOptionFile(join(folder, 'none.yaml'));
    await expect(reading).rejects.toMatchObject({code: 'ERR_CONFIG'});
  });
});

/** What a command line says of options that are refused. */
function refusalOf(options: object, spell: Spelling): string {
  try {
    parseDefendConfig(options);
  } catch (error) {
    if (error instanceof SauError) return respelled(error, spell).message;
  }
  throw new Error('Expected a SauError');
}

describe('precedence', () => {
  const keys = keysOf(defendFlags());
  const names = () => SAU_NAMES;

  it('is our flags over official flags over YAML over defaults', async () => {
    const config = await yaml('n_rounds: 1\nadv_steps: 2\nlmd_1: 3\nresult_file: from_yaml\n');
    const values = {config, n_rounds: '10', adv_steps: '20', steps: '200', ckpt: 'model.pt'};
    const {options} = await layeredOptions(values, keys, names);
    expect(parseDefendConfig(options)).toMatchObject({
      rounds: 10,
      steps: 200,
      lambda1: 3,
      ckpt: 'model.pt',
    });
  });

  it('keeps the spelling of the layer that an option came from', async () => {
    const config = await yaml('n_rounds: 0\n');
    const values = {config, lmd_1: '-1', steps: '0', ckpt: 'model.pt'};
    const {options, spell} = await layeredOptions(values, keys, names);
    const message = refusalOf(options, spell);
    expect(message).toMatch(/for --lmd_1 but received -1/);
    expect(message).toMatch(/for --steps but received 0/);
    expect(message).toContain(`Expected integer > 0 for n_rounds in ${config} but received 0`);
  });

  it('gives dataset_path the data set of the command line', async () => {
    const values = {ckpt: 'm', dataset: 'cifar10', dataset_path: 'data'};
    const {options} = await layeredOptions(values, keys, names);
    expect(options.data).toBe(join('data', 'cifar10'));
  });
});
