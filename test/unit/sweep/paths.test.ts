import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {namedPathsOf, requirePaths, requireWithin} from '../../../lib/sweep/paths.js';
import {parsePlan} from '../../../lib/sweep/plan.js';
import {stepsOf} from '../../../lib/sweep/steps.js';
import {sweep} from '../../../lib/sweep.js';
import {errorOf} from '../../support/error_of.js';
import {namesIn, temporaryFolder} from '../../support/folders.js';
import {messageOf} from '../../support/message_of.js';
import {standIns} from '../../support/programs_on_path.js';

const steps = (plan: object) => stepsOf(parsePlan(plan), {threads: 1});
const named = (plan: object) =>
  namedPathsOf(steps(plan)).map(({option, path, count}) => [option, path, count]);

describe('the paths of a plan', () => {
  it('are those of data sets, once for all steps that read them', () => {
    const plan = {attacks: ['badnet', 'blended'], data: ['data/a', 'cifar10'], defenses: ['ft']};
    expect(named(plan)).toEqual([
      ['data', 'data/a', 4],
      ['data', 'data/cifar10', 4],
    ]);
    expect(named({attacks: ['badnet']})).toEqual([['data', 'data/cifar10', 1]]);
  });

  it('are victims, clean images and pictures, and not what only looks like a path', () => {
    const plan = {
      ...{attacks: ['badnet', {badnet: {patch: 'p.png'}}, {blended: {pattern: 'plaid'}}]},
      ...{victims: [{'record/a': {data: 'data/b'}}], defenses: ['ft', {ft: {clean: 'own'}}]},
      ratios: {attack: [0.1], defend: ['5pct', 10, '0.01']},
    };
    const paths = named(plan).filter(([option]) => option !== 'data');
    expect(new Set(paths.map(([option, path]) => `${option} ${path}`))).toEqual(
      new Set(['patch p.png', 'ckpt record/a', 'clean own']),
    );
  });

  it('are all refused together where nothing is there, each with a step and its option', async () => {
    const base = await temporaryFolder();
    mkdirSync(join(base, 'data', 'a'), {recursive: true});
    writeFileSync(join(base, 'victim.pt'), '');
    const plan = {
      ...{attacks: ['badnet'], data: ['data/a', 'data/none'], defenses: [{ft: {clean: 'own'}}]},
      victims: ['victim.pt', 'gone.pt'],
    };
    const {message, details} = await errorOf(requirePaths(steps(plan), base), 'ERR_CONFIG');
    expect(message.split('\n')).toEqual([
      expect.stringMatching(
        /^Expected a file or folder that is there for data of attacks\/badnet-none-\S+ and 1 more but received data\/none\.$/,
      ),
      expect.stringMatching(
        / for clean of defenses\/ft-badnet-a-\S+ and 3 more but received own\.$/,
      ),
      expect.stringMatching(/ for ckpt of defenses\/ft-gone\.pt-\S+ but received gone\.pt\.$/),
      `Correct the plan; its paths begin at ${base}.`,
    ]);
    expect(details.paths).toHaveLength(3);
  });

  it('are told up to twenty, and are all in the details', async () => {
    const data = Array.from({length: 25}, (_, i) => `none/${i}`);
    const refused = requirePaths(steps({attacks: ['badnet'], data}), await temporaryFolder());
    const {message, details} = await errorOf(refused, 'ERR_CONFIG');
    expect(message.split('\n')).toHaveLength(22);
    expect(message).toContain('And 5 more are wrong.');
    expect(details.paths).toHaveLength(25);
  });

  it('lie in the claim where pods have nothing else', () => {
    const claim = {root: '/mnt/sweeps', elsewhere: '/pod'};
    const within = (path: string) =>
      requireWithin(steps({attacks: ['badnet'], data: [path]}), '/mnt/sweeps/mine', claim);
    for (const path of ['data/a', '../data/a', '/pod/data/a', '/pod/']) within(path);
    for (const path of ['../../data/a', '/mnt/sweeps/data/a', '/data', '/pods']) {
      expect(messageOf(() => within(path))).toMatch(
        /^Expected a path in the claim for data of attacks\/\S+ but received \S+\. Put it into \/mnt\/sweeps,/,
      );
    }
  });
});

describe('a sweep that is refused', () => {
  const plan = {attacks: ['badnet'], models: ['preactresnet18_w2']};
  const refused = async (more: object, code = 'ERR_CONFIG' as const) => {
    const folder = await temporaryFolder();
    const data = join(folder, 'data');
    mkdirSync(data);
    const options = {plan: {...plan, data: [data]}, out: join(folder, 'sweeps', 'new'), ...more};
    const {message} = await errorOf(sweep(options as never), code);
    expect(namesIn(folder)).toEqual(['data']);
    return message;
  };

  it('leaves nothing behind, whatever refuses it', async () => {
    standIns({scontrol: 'exit 1', kubectl: 'exit 1'});
    const none = {plan: {...plan, data: ['no/such/folder']}};
    expect(await refused(none)).toContain('but received no/such/folder.');
    expect(await refused({...none, dryRun: true})).toContain('but received no/such/folder.');
    expect(await refused({engine: 'slurm'})).toContain('Expected scontrol to');
    const {engine} = {engine: 'kubernetes'};
    const engines = {kubernetes: {image: 'a', claim: 'b'}};
    const inClaim = {...plan, data: ['data/a'], engines: {kubernetes: {root: '/', claim: 'b'}}};
    expect(await refused({engine, plan: inClaim})).toContain('for engines.kubernetes.image but');
    const outside = {...plan, data: ['/data/a'], engines};
    expect(await refused({engine, plan: outside})).toContain('engines.kubernetes.root');
    const applied = {kubernetes: {...engines.kubernetes, root: '/', apply: true}};
    expect(await refused({engine, plan: {...inClaim, engines: applied}})).toContain(
      'Expected kubectl to list the Jobs',
    );
  });
});
