import {pathToFileURL} from 'node:url';
import {describe, expect, it} from 'vitest';
import type {AttackKind} from '../../../lib/options/attacks/attacks.js';
import {RECIPES} from '../../../lib/options/commands/attack.js';
import {
  parseAttackConfig,
  parseDefendConfig,
  parseDemoConfig,
  parseEvaluateConfig,
  parseSetupConfig,
  resolveRounds,
  resolveTraining,
} from '../../../lib/options/config.js';
import {DEFAULTS, DEMO_DEFAULTS} from '../../../lib/options/defaults.js';
import {messageOf} from '../../support/message_of.js';

const defend = (options: Readonly<Record<string, unknown>>) =>
  parseDefendConfig({ckpt: 'model.pt', ...options});

describe('defaults', () => {
  it("of defend are the paper's table", () => {
    expect(parseDefendConfig({ckpt: 'model.pt'})).toEqual({
      method: 'sau',
      subset: null,
      ckpt: 'model.pt',
      recordRoot: 'record',
      clean: '5pct',
      data: null,
      dataset: 'auto',
      imageSize: null,
      ...{resize: null, crop: null, interpolation: null, dataMemory: null},
      mean: null,
      std: null,
      numClasses: null,
      testLimit: null,
      preset: 'paper',
      timeBudget: null,
      patience: 0,
      model: null,
      out: null,
      program: null,
      writeProgram: false,
      keepDtype: false,
      ...{failAboveAsr: null, failBelowAcc: null, maxAccDrop: null},
      report: false,
      resume: false,
      saveEvery: 1,
      force: false,
      device: 'auto',
      threads: 0,
      seed: 0,
      rounds: null,
      batchSize: 256,
      outerSteps: 1,
      precision: 'default',
      evalPrecision: 'auto',
      deterministic: false,
      trainMode: false,
      evalEvery: 1,
      evalBatchSize: 256,
      norm: 'L_inf',
      normBound: 0.2,
      stepSize: 0.2,
      steps: 5,
      init: 'max',
      beta1: 0.01,
      beta2: 1,
      lambda1: 1,
      lambda2: 0,
      lambda3: 1,
      optimizer: 'adam',
      learningRate: 1e-4,
      weightDecay: 0,
      momentum: 0.9,
      adamBetas: [0.9, 0.999],
      batchOrder: null,
      execution: 'auto',
      chunkSize: 0,
      cacheMib: 512,
    });
  });

  it("of fine-tuning are the official tool's", () => {
    const config = parseDefendConfig({ckpt: 'model.pt', method: 'ft'});
    expect(config).toEqual({...DEFAULTS.defend.ft, ckpt: 'model.pt'});
    expect(config).toMatchObject({
      ...{method: 'ft', rounds: null, batchSize: 256, learningRate: 0.01, momentum: 0.9},
      ...{weightDecay: 5e-4, schedule: null, scheduleLength: 100, cropPadding: 4, flip: null},
    });
    expect(config).not.toHaveProperty('normBound');
    expect(resolveRounds(config, 'gtsrb')).toBe(100);
    expect(resolveRounds(config, 'tiny')).toBe(200);
  });

  it("of attack are the victim's training of the benchmark", () => {
    expect(parseAttackConfig({kind: 'badnet'})).toMatchObject({
      kind: 'badnet',
      out: 'record/badnet',
      targetLabel: 0,
      poisonRate: 0.1,
      poisonCount: null,
      labelMode: 'all2one',
      patch: 'white',
      model: 'preactresnet18',
      batchSize: 128,
      learningRate: 0.01,
      momentum: 0.9,
      weightDecay: 5e-4,
      schedule: null,
      cropPadding: 4,
    });
  });

  it.each([
    ['256', '256'],
    [256, '256'],
    ['256x320', '256x320'],
  ])('take %j for the sides of a resize', (given, resize) => {
    expect(parseAttackConfig({kind: 'badnet', resize: given})).toMatchObject({resize});
  });

  it.each([0, '0x5', '5x', '256x256x3', '4097', '-1', 'big', 2.5])(
    'refuse %j for them',
    (resize) => {
      expect(messageOf(() => parseAttackConfig({kind: 'badnet', resize}))).toMatch(
        /^Expected pixels from 1 to 4096 such as 256, or height and width such as 256x320 for resize/,
      );
    },
  );

  it.each([
    ['4GiB', 2 ** 32],
    ['1.5 gib', 1.5 * 2 ** 30],
    ['500MB', 5e8],
    ['0', 0],
    [12, 12],
  ])('take %j for a number of bytes', (given, dataMemory) => {
    expect(parseAttackConfig({kind: 'badnet', dataMemory: given})).toMatchObject({dataMemory});
  });

  it.each(['4 GiBs', '-1GiB', 'GiB', '4G', -1, 1.5])('refuse %j for one', (dataMemory) => {
    expect(messageOf(() => parseAttackConfig({kind: 'badnet', dataMemory}))).toMatch(
      /^Expected a number of bytes with a unit such as 4GiB or 500MB for dataMemory/,
    );
  });

  it('of a recipe win over those of attacks, and what the user gives wins over both', () => {
    const {fast} = RECIPES;
    const reference = parseAttackConfig({kind: 'badnet'});
    expect(parseAttackConfig({kind: 'badnet', recipe: 'reference'})).toEqual(reference);
    const config = parseAttackConfig({kind: 'badnet', recipe: 'fast'});
    expect(config).toEqual({...reference, ...fast, recipe: 'fast'});
    const given = {epochs: 3, learningRate: 0.5, nesterov: false, schedule: 'cosine'} as const;
    const mixed = parseAttackConfig({kind: 'badnet', recipe: 'fast', ...given});
    expect(mixed).toEqual({...config, ...given});
    expect(parseAttackConfig(mixed)).toEqual(mixed);
    expect(messageOf(() => parseAttackConfig({kind: 'badnet', recipe: 'slow'}))).toBe(
      'Expected reference or fast for recipe but received "slow"',
    );
  });

  it('of the schedule have the length of the reference on its data sets with its cosine alone', () => {
    const lengthOf = (options: object, dataset: string) =>
      resolveTraining(parseAttackConfig({kind: 'badnet', ...options}), dataset).scheduleLength;
    for (const dataset of ['cifar10', 'cifar100', 'gtsrb']) {
      expect(lengthOf({epochs: 10}, dataset)).toBe(100);
      expect(lengthOf({epochs: 10, schedule: 'oneCycle'}, dataset)).toBe(10);
      expect(lengthOf({epochs: 10, recipe: 'fast', schedule: 'cosine'}, dataset)).toBe(10);
      expect(lengthOf({epochs: 10, scheduleLength: 10}, dataset)).toBe(10);
    }
    expect(lengthOf({schedule: 'oneCycle'}, 'gtsrb')).toBe(50);
    expect(lengthOf({epochs: 10}, 'my_images')).toBe(10);
    expect(lengthOf({epochs: 10, schedule: 'cosine'}, 'tiny')).toBe(10);
  });

  it('of the schedule are the plateau on tiny, except for an attack with a schedule of its own', () => {
    const scheduleOf = (options: {kind: AttackKind; recipe?: 'fast'}, dataset: string) =>
      resolveTraining(parseAttackConfig(options), dataset).schedule;
    expect(scheduleOf({kind: 'badnet'}, 'tiny')).toBe('plateau');
    expect(scheduleOf({kind: 'badnet'}, 'gtsrb')).toBe('cosine');
    expect(scheduleOf({kind: 'badnet', recipe: 'fast'}, 'tiny')).toBe('oneCycle');
    expect(scheduleOf({kind: 'wanet'}, 'tiny')).toBe('multiStep');
  });

  it('of evaluate and demo need no more than a checkpoint', () => {
    expect(parseEvaluateConfig({ckpt: 'm.pt'})).toEqual({...DEFAULTS.evaluate, ckpt: 'm.pt'});
    expect(parseDemoConfig({})).toEqual(DEMO_DEFAULTS);
  });

  it('of rounds and training depend on the data set', () => {
    expect(resolveRounds(defend({}), 'cifar10')).toBe(100);
    expect(resolveRounds(defend({}), 'tiny')).toBe(20);
    expect(resolveRounds(defend({rounds: 3}), 'tiny')).toBe(3);
    const attack = parseAttackConfig({kind: 'badnet'});
    expect(resolveTraining(attack, 'cifar10')).toEqual({
      epochs: 100,
      schedule: 'cosine',
      scheduleLength: 100,
      flip: true,
    });
    expect(resolveTraining(attack, 'gtsrb')).toEqual({
      epochs: 50,
      schedule: 'cosine',
      scheduleLength: 100,
      flip: false,
    });
    expect(resolveTraining(attack, 'tiny').epochs).toBe(200);
    const short = parseAttackConfig({kind: 'badnet', epochs: 10, flip: 'on'});
    expect(resolveTraining(short, 'gtsrb')).toMatchObject({epochs: 10, flip: true});
  });
});

describe('parsing', () => {
  it('turns text into values', () => {
    expect(
      defend({
        steps: '7',
        normBound: '.5',
        learningRate: '1e-3',
        trainMode: 'on',
        force: 'false',
        mean: '0.1, 0.2 0.3',
        std: [1, '2', 3],
        adamBetas: '(0.8, 0.99)',
        clean: 0.05,
        device: 'cuda:1',
        model: 'preactresnet18_w16',
      }),
    ).toMatchObject({
      steps: 7,
      normBound: 0.5,
      learningRate: 0.001,
      trainMode: true,
      force: false,
      mean: [0.1, 0.2, 0.3],
      std: [1, 2, 3],
      adamBetas: [0.8, 0.99],
      clean: '0.05',
      device: 'cuda:1',
      model: 'preactresnet18_w16',
    });
  });

  it.each(['auto', 'cifar100', 'gtsrb', 'tiny', 'cifar10-python', 'imagefolder'])(
    'takes the data set or format %s',
    (dataset) => {
      expect(defend({dataset}).dataset).toBe(dataset);
    },
  );

  it('names every data set and format where it gets none of them', () => {
    expect(messageOf(() => defend({dataset: 'cifar'}))).toBe(
      'Expected auto, cifar10, cifar100, gtsrb, tiny, imagenet, cifar10-binary, cifar10-python, cifar100-binary, cifar100-python, gtsrb-ppm, tiny-annotated or imagefolder for dataset but received "cifar"',
    );
  });

  it('gives a deeply frozen configuration', () => {
    const config = defend({mean: [0, 0, 0], std: [1, 1, 1]});
    expect(Object.isFrozen(config)).toBe(true);
    const {adamBetas, mean} = {adamBetas: null, ...config};
    expect([adamBetas, mean].map((list) => Array.isArray(list) && Object.isFrozen(list))).toEqual([
      true,
      true,
    ]);
  });

  it('of a configuration gives the same configuration', () => {
    const config = parseDefendConfig({resultFile: 'badnet_demo', recordRoot: 'runs', steps: 3});
    expect(config.ckpt).toBe('runs/badnet_demo');
    expect(parseDefendConfig(config)).toEqual(config);
    const attack = parseAttackConfig({kind: 'badnet', saveFolderName: 'a'});
    expect(parseAttackConfig(attack)).toEqual(attack);
  });

  it('treats undefined as not given', () => {
    expect(defend({steps: undefined})).toMatchObject({steps: 5});
  });

  it('takes the URL of a file wherever a path is', () => {
    const file = (name: string) => pathToFileURL(`/data/${name}`);
    const config = {ckpt: file('m.pt'), data: file('cifar10'), out: file('out'), clean: file('c')};
    expect(parseDefendConfig({...config, batchOrder: file('o.json')})).toMatchObject({
      ...{ckpt: '/data/m.pt', data: '/data/cifar10', out: '/data/out', clean: '/data/c'},
      batchOrder: '/data/o.json',
    });
    expect(parseDefendConfig({resultFile: 'a', recordRoot: file('records')}).ckpt).toBe(
      '/data/records/a',
    );
    expect(parseEvaluateConfig({ckpt: file('m.pt'), against: file('r')}).against).toBe('/data/r');
    expect(parseAttackConfig({kind: 'badnet', patch: file('p.png')})).toMatchObject({
      patch: '/data/p.png',
    });
    expect(parseSetupConfig({from: new URL('https://example.org/a.zip')}).from).toBe(
      'https://example.org/a.zip',
    );
  });
});
