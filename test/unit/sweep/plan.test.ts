import {describe, expect, it} from 'vitest';
import {parsePlan} from '../../../lib/sweep/plan.js';
import {stepsOf} from '../../../lib/sweep/steps.js';
import {messageOf} from '../../support/message_of.js';

const refusal = (plan: unknown): string => messageOf(() => stepsOf(parsePlan(plan), {threads: 1}));

describe('a plan that is wrong', () => {
  it.each([
    [
      {attacks: ['badnets']},
      'Expected an attack for attacks[0] but received "badnets". The nearest is badnet.',
    ],
    [
      {attacks: ['badnet'], defenses: ['sau', 'ftt']},
      'a defense for defenses[1] but received "ftt"',
    ],
    [{attacks: ['badnet'], models: ['resnet19']}, 'for models[0] but received "resnet19"'],
    [
      {attacks: ['badnet'], defences: ['sau']},
      'a known name in the plan but received "defences". The nearest is defenses.',
    ],
    [{defenses: ['sau']}, 'Expected attacks or victims in the plan but received neither.'],
    [{victims: ['record/a']}, 'Expected defenses in the plan for its victims but received none.'],
    [{attacks: 'badnet'}, 'Expected a list for attacks but received "badnet".'],
    [
      {attacks: [{badnet: {}, lc: {}}]},
      'Expected a name, or one name with a map of options, for attacks[0]',
    ],
    [
      {attacks: [3]},
      'Expected a name, or one name with a map of options, for attacks[0] but received 3.',
    ],
    [
      {attacks: [{badnet: 3}]},
      'Expected a map of names to values for attacks[0].badnet but received 3.',
    ],
    [
      {attacks: ['badnet'], data: ['imagefolder']},
      'the folder of a data set or a known data set for data[0]',
    ],
    [
      {attacks: ['badnet'], seeds: [true]},
      'Expected a number or text for seeds[0] but received true.',
    ],
    [
      {attacks: ['badnet'], seeds: [-1]},
      'Expected integer from 0 to 4294967295 for seeds[0] but received -1.',
    ],
    [{attacks: ['badnet'], seeds: {attacks: [0]}}, 'a known name in seeds but received "attacks"'],
    [{attacks: ['badnet'], exclude: [{}]}, 'Expected names in exclude[0] but received none.'],
    [
      {attacks: ['badnet'], exclude: [{seed: {2: 3}}]},
      'Expected a map of names to values for exclude[0].seed.2 but received 3.',
    ],
    [
      {
        attacks: ['badnet', {badnet: {patch: 'a.png'}}],
        exclude: [{attack: {badnet: {patch: 'b'}}}],
      },
      'Expected options that an entry of the plan has for exclude[0].attack.badnet but received {"patch":"b"}. There are {} and {"patch":"a.png"}.',
    ],
    [
      {attacks: ['badnet'], exclude: [{attack: 'lc'}]},
      'Expected a value that the plan has for exclude[0].attack but received "lc". There are badnet.',
    ],
    [
      {attacks: ['badnet'], include: [{atack: 'lc'}]},
      'a known name in include[0] but received "atack"',
    ],
    [null, 'Expected a map of names to values for the plan but received nothing.'],
  ])('says where: %j', (plan, message) => {
    expect(refusal(plan)).toContain(message);
  });
});

describe('an option of a plan that is wrong', () => {
  it.each([
    [
      {attacks: ['lc', {badnet: {poisonRate: 2}}]},
      'In the plan, attacks[1] badnet: Expected number > 0 and <= 1 for attacks[1].badnet.poisonRate but received 2',
    ],
    [
      {attacks: ['badnet'], ratios: [0.1, 3]},
      'Expected number > 0 and <= 1 for ratios[1] but received 3',
    ],
    [
      {attacks: ['badnet'], attack: {patchsize: 3}},
      'Expected a known option but received attack.patchsize; the nearest is attack.batchSize',
    ],
    [
      {attacks: ['badnet'], defenses: [{ft: {evalEvry: 3}}], defend: {evalEvery: 2}},
      'Expected a known option but received defenses[0].ft.evalEvry; the nearest is defend.evalEvery',
    ],
    [
      {attacks: ['badnet'], defenses: [{ft: {learningrate: 3}}]},
      'Expected a known option but received defenses[0].ft.learningrate; the nearest is defenses[0].ft.learningRate',
    ],
    [
      {attacks: ['badnet'], attack: {mean: [0, 0, 0]}},
      'Expected both or none of attack.mean and attack.std but received only attack.mean',
    ],
    [
      {attacks: ['badnet'], defenses: [{ft: {lambda1: 3}}]},
      'Expected an option of ft but received defenses[0].ft.lambda1, which belongs to',
    ],
    [
      {attacks: ['badnet'], defenses: ['ft'], defend: {evalEvery: -1}},
      'In the plan, defenses[0] ft: Expected integer >= 0 for defend.evalEvery but received -1',
    ],
    [
      {attacks: ['badnet'], defenses: ['clp'], defend: {patience: 3}},
      'Expected a method with rounds for defend.patience but received clp, which has none',
    ],
    [
      {attacks: ['trojannn'], models: ['net.pt2']},
      'for attack.model but received models[0], which trojannn cannot make its trigger with',
    ],
    [
      {attacks: [{badnet: {out: 'x'}}]},
      'Expected no attacks[0].badnet.out but received "x". The sweep sets it.',
    ],
    [
      {attacks: ['badnet'], attack: {seed: 1}},
      'Expected no attack.seed but received 1. Give seeds in the plan.',
    ],
    [
      {victims: [{'record/a': {ckpt: 'b'}}], defenses: ['ft']},
      'Expected no victims[0].record/a.ckpt but received "b". The sweep sets it.',
    ],
  ])('is refused before anything runs, with its place: %j', (plan, message) => {
    expect(refusal(plan)).toContain(message);
  });

  it('is one of more steps than anybody means', () => {
    const seeds = Array.from({length: 1000}, (_, seed) => seed);
    const plan = {attacks: ['badnet'], defenses: ['ft'], seeds: {attack: [0], defend: seeds}};
    expect(stepsOf(parsePlan(plan), {threads: 1})).toHaveLength(1001);
    const many = {...plan, seeds: {attack: seeds, defend: seeds}};
    expect(refusal(many)).toContain('Expected at most 100000 steps in a plan but received more.');
  });
});
