import {describe, expect, it} from 'vitest';
import {parseAttackConfig, parseDefendConfig} from '../../../lib/options/config.js';
import {parsePlan} from '../../../lib/sweep/plan.js';
import {type SweepStep, stepsOf} from '../../../lib/sweep/steps.js';

const steps = (plan: object, threads = 1): readonly SweepStep[] =>
  stepsOf(parsePlan(plan), {threads});
const attacksIn = (all: readonly SweepStep[]) => all.filter(({kind}) => kind === 'attack');
const defensesIn = (all: readonly SweepStep[]) => all.filter(({kind}) => kind === 'defend');
const idsOf = (all: readonly SweepStep[]) => all.map(({id}) => id);

describe('the steps of a plan', () => {
  const plan = {
    attacks: ['badnet', 'blended'],
    data: ['data/cifar10', 'data/gtsrb'],
    models: ['preactresnet18', 'vgg19_bn'],
    defenses: ['sau', 'ft', 'clp'],
    seeds: [0, 1],
  };

  it('make each victim once, which all its defenses need', () => {
    const all = steps(plan);
    expect(attacksIn(all)).toHaveLength(2 * 2 * 2 * 2);
    expect(defensesIn(all)).toHaveLength(3 * 16);
    for (const victim of attacksIn(all)) {
      const own = defensesIn(all).filter(({needs}) => needs.includes(victim.id));
      expect(own.map(({method}) => method)).toEqual(['sau', 'ft', 'clp']);
      for (const {options} of own) expect(options.seed).toBe(victim.options.seed);
    }
  });

  it('have the options of an entry before those of an axis, in tables too', () => {
    const attacks = ['badnet', {lf: {poisonRate: 0.05}}];
    const defenses = ['sau', {ft: {clean: '1pct'}}];
    const ratios = {attack: [0.2, 0.3], defend: ['5pct']};
    const all = steps({...plan, attacks, defenses, ratios, seeds: [0], data: [], models: []});
    const told = ({method, options, labels}: SweepStep) =>
      `${method} ${options.poisonRate ?? options.clean} ${labels.ratio} ${labels.clean}`;
    expect(attacksIn(all).map(told)).toEqual([
      ...['badnet 0.2 0.2 null', 'badnet 0.3 0.3 null', 'lf 0.05 0.05 null'],
    ]);
    expect(new Set(defensesIn(all).map(told))).toEqual(
      new Set(
        ['0.2', '0.3', '0.05'].flatMap((r) => [`sau undefined ${r} 5pct`, `ft 1pct ${r} 1pct`]),
      ),
    );
  });

  it('are equal for equal paths, however these are written', () => {
    const data = ['data/mini', './data/mini', 'data//mini/', 'data/x/../mini'];
    expect(attacksIn(steps({...plan, data, seeds: [0]}))).toHaveLength(2 * 2);
    const victims = ['record/a', './record/a/'];
    expect(steps({victims, defenses: ['clp']})).toHaveLength(1);
  });

  it('are at least one: a plan that leaves out all of them is wrong', () => {
    const none = {...plan, exclude: [{attack: ['badnet', 'blended']}]};
    expect(() => steps(none)).toThrow('Expected at least one step in the plan but received none.');
  });

  it('come stage by stage, numbered, in folders of their own', () => {
    const all = steps(plan);
    expect(all.map(({stage, index}) => `${stage}.${index}`)).toEqual([
      ...Array.from({length: 16}, (_, i) => `0.${i}`),
      ...Array.from({length: 48}, (_, i) => `1.${i}`),
    ]);
    expect(new Set(all.map(({folder}) => folder)).size).toBe(64);
    expect(all[0]?.folder).toBe(
      `attacks/badnet-cifar10-preactresnet18-s0-${all[0]?.id.slice(0, 8)}`,
    );
    expect(all[16]?.folder).toBe(
      `defenses/sau-badnet-cifar10-preactresnet18-s0-${all[16]?.id.slice(0, 8)}`,
    );
  });

  it('have the options that attack and defend take for the same run', () => {
    const [attack] = steps({
      ...plan,
      attack: {epochs: 3, trainAlpha: 0.3},
      defend: {lambda1: 2, clean: 100},
    });
    const defense = steps({...plan, defend: {lambda1: 2, clean: 100}}).find(
      ({method}) => method === 'sau',
    );
    const asked = {
      kind: 'badnet',
      data: 'data/cifar10',
      model: 'preactresnet18',
      epochs: 3,
      threads: 1,
      out: 'x',
    };
    expect(parseAttackConfig({...attack?.options, out: 'x'})).toEqual(parseAttackConfig(asked));
    expect(parseDefendConfig({...defense?.options, ckpt: 'x'})).toEqual(
      parseDefendConfig({ckpt: 'x', data: 'data/cifar10', clean: 100, lambda1: 2, threads: 1}),
    );
  });

  it('give an option for all to those that have it', () => {
    const all = steps({...plan, attack: {trainAlpha: 0.3}, defend: {lambda1: 2}});
    const with_ = (name: string) =>
      new Set(all.filter(({options}) => name in options).map(({method}) => method));
    expect(with_('trainAlpha')).toEqual(new Set(['blended']));
    expect(with_('lambda1')).toEqual(new Set(['sau']));
  });

  it('take seeds of attacks and of defenses apart where the plan does', () => {
    const all = steps({
      attacks: ['badnet'],
      defenses: ['ft'],
      seeds: {attack: [0, 1], defend: [5, 6, 7]},
    });
    expect(attacksIn(all).map(({options}) => options.seed)).toEqual([0, 1]);
    expect(defensesIn(all).map(({options}) => options.seed)).toEqual([5, 6, 7, 5, 6, 7]);
  });

  it('have poison rates, and clean images where the plan says which', () => {
    const ratios = {attack: [0.1, 0.01], defend: ['5pct', 100]};
    const all = steps({attacks: ['badnet'], defenses: ['ft'], ratios});
    expect(attacksIn(all).map(({options}) => options.poisonRate)).toEqual([undefined, 0.01]);
    expect(defensesIn(all).map(({options}) => options.clean)).toEqual([
      undefined,
      '100',
      undefined,
      '100',
    ]);
    const plain = steps({attacks: ['badnet'], ratios: [0.2]});
    expect(plain[0]).toMatchObject({options: {poisonRate: 0.2}, labels: {ratio: '0.2'}});
  });

  it('purify victims that are there', () => {
    const victims = ['record/a', {'b.pt': {model: 'resnet18', data: 'data/cifar10'}}];
    const all = steps({victims, defenses: ['ft', 'sau'], seeds: [3]});
    expect(all).toHaveLength(4);
    expect(all.every(({stage, needs}) => stage === 0 && needs.length === 0)).toBe(true);
    expect(all[0]?.options).toEqual({method: 'ft', ckpt: 'record/a', seed: 3, threads: 1});
    expect(all[2]?.options).toMatchObject({ckpt: 'b.pt', model: 'resnet18', data: 'data/cifar10'});
    expect(all[2]?.folder).toContain('defenses/ft-b.pt-s3-');
  });

  it('tell defenses where the images are, also those of a data set by its name', () => {
    const data = ['cifar10', {'x/gtsrb': {dataset: 'gtsrb', imageSize: 16, testLimit: 9}}];
    const all = defensesIn(steps({attacks: ['badnet'], data, defenses: ['ft']}));
    expect(all[0]?.options).toMatchObject({data: 'data/cifar10', dataset: 'cifar10'});
    expect(all[1]?.options).toMatchObject({data: 'x/gtsrb', dataset: 'gtsrb', testLimit: 9});
    expect(all[1]?.options.imageSize).toBeUndefined(); // which the record has
  });

  it('take a program as a network, for the attack and for its defenses', () => {
    const all = steps({attacks: ['badnet'], models: ['nets/a.pt2'], defenses: ['ft']});
    for (const {options} of all) expect(options.program).toBe('nets/a.pt2');
  });

  it('leave out what is excluded, and a victim that nobody needs then', () => {
    const some = steps({
      ...plan,
      exclude: [
        {attack: 'blended', data: ['data/gtsrb']},
        {defense: 'clp', seed: 1},
      ],
    });
    expect(attacksIn(some)).toHaveLength(16 - 4);
    expect(defensesIn(some)).toHaveLength(12 * 3 - 6);
    const none = steps({...plan, exclude: [{defense: ['sau', 'ft', 'clp'], model: 'vgg19_bn'}]});
    expect(attacksIn(none)).toHaveLength(8);
  });

  it('leave out one of several entries of a name by its options', () => {
    const variants = ['ft', {ft: {rounds: 5, learningRate: 0.1}}, {ft: {rounds: 9}}];
    const rounds = (...rules: object[]) =>
      defensesIn(steps({attacks: ['badnet'], defenses: variants, exclude: rules})).map(
        ({options}) => options.rounds,
      );
    expect(rounds()).toEqual([undefined, 5, 9]);
    expect(rounds({defense: {ft: {learningRate: 0.1, rounds: 5}}})).toEqual([undefined, 9]);
    expect(rounds({defense: [{ft: {}}, {ft: {rounds: 9}}]})).toEqual([5]);
  });

  it('have what is included besides, with the other axes as they are', () => {
    const all = steps({
      ...plan,
      include: [{attack: {lc: {epochs: 9}}, model: 'resnet18', seed: 7}],
    });
    const own = attacksIn(all).filter(({method}) => method === 'lc');
    expect(own.map(({options}) => [options.model, options.seed, options.epochs])).toEqual([
      ['resnet18', 7, 9],
      ['resnet18', 7, 9],
    ]);
    expect(defensesIn(all)).toHaveLength(3 * 16 + 3 * 2);
  });

  it('have threads by their kind where the plan does not say', () => {
    const threads = {attack: 4, defend: 2};
    const all = stepsOf(parsePlan({...plan, defend: {threads: 3}}), {threads});
    expect(new Set(attacksIn(all).map(({options}) => options.threads))).toEqual(new Set([4]));
    expect(new Set(defensesIn(all).map(({options}) => options.threads))).toEqual(new Set([3]));
  });

  it('are attacks alone without defenses', () => {
    expect(steps({attacks: ['badnet'], seeds: [0, 1]}).map(({stage}) => stage)).toEqual([0, 0]);
  });

  it('have labels by which tables know variants of one name', () => {
    const attacks = ['badnet', {blended: {trainAlpha: 0.1}}, {blended: {trainAlpha: 0.2}}];
    expect(steps({attacks}).map(({labels}) => labels.attack)).toEqual([
      ...['badnet', 'blended trainAlpha=0.1', 'blended trainAlpha=0.2'],
    ]);
  });
});

describe('the id of a step', () => {
  const plan = {attacks: [{blended: {trainAlpha: 0.3, epochs: 3}}], defenses: ['ft']};
  const [attack = '', defense = ''] = idsOf(steps(plan));

  it.each([
    ['the order of options', {attacks: [{blended: {epochs: 3, trainAlpha: 0.3}}]}],
    ['where an option stands', {attacks: ['blended'], attack: {epochs: 3, trainAlpha: 0.3}}],
    ['a value that is the default', {models: ['preactresnet18'], ratios: [0.1]}],
    ['how a value is written', {attacks: [{blended: {trainAlpha: '0.30', epochs: '3'}}]}],
    [
      'options that change no result',
      {attack: {threads: 4, saveEvery: 7}, defend: {dataMemory: '1GiB'}},
    ],
    [
      'other steps',
      {seeds: [4, 0], data: [{'data/cifar10': {}}, 'data/gtsrb'], attack: {data: null}},
    ],
  ])('does not depend on %s', (what, more) => {
    const ids = idsOf(steps({...plan, ...more}));
    if (what !== 'other steps') expect(ids).toEqual([attack, defense]);
    else expect(ids).toHaveLength(8);
  });

  it('does not depend on the threads of the call', () => {
    expect(idsOf(steps(plan, 3))).toEqual([attack, defense]);
  });

  it.each([
    ['an option', {attack: {targetLabel: 1}}],
    ['the seed', {seeds: [1]}],
    ['the data', {data: ['data/gtsrb']}],
    ['the model', {models: ['resnet18']}],
  ])('of a victim and of its defense changes with %s', (_, more) => {
    const [other, above] = idsOf(steps({...plan, ...more}));
    expect(other).not.toBe(attack);
    expect(above).not.toBe(defense);
  });

  it('of a defense alone changes with its own options', () => {
    const [same, other] = idsOf(steps({...plan, defend: {rounds: 3}}));
    expect(same).toBe(attack);
    expect(other).not.toBe(defense);
  });
});
