import {writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {describe, expect, it} from 'vitest';
import {parseSweepConfig} from '../../../lib/sweep/config.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';

const PLAN = {attacks: ['badnet']};
const refusal = async (plan: object, more: object = {}): Promise<string> =>
  (await errorOf(parseSweepConfig({plan: {...PLAN, ...plan}, ...more}), 'ERR_CONFIG')).message;

describe('the options of a sweep', () => {
  it('have a folder by the name of the plan', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'paper.yaml');
    writeFileSync(path, 'attacks: [badnet]\nseeds: [0, 1]\n');
    const config = await parseSweepConfig({plan: path});
    expect(config).toMatchObject({name: 'paper', folder: resolve('sweeps/paper'), engine: 'local'});
    expect(config.steps).toHaveLength(2);
    const own = await parseSweepConfig({plan: PLAN, out: '/x/y'});
    expect(own).toMatchObject({name: 'sweep', folder: '/x/y'});
  });

  it('give threads to steps whose options do not say', async () => {
    const threads = async (plan: object, more: object = {}) =>
      (await parseSweepConfig({plan: {...PLAN, ...plan}, ...more})).steps[0]?.options.threads;
    expect(await threads({})).toBe(1);
    expect(await threads({}, {threads: 3})).toBe(3);
    expect(await threads({attack: {threads: 2}}, {threads: 3})).toBe(2);
  });

  it('have the settings of the engine, those of the call over those of the plan', async () => {
    const settings = async (local: object, more: object = {}) =>
      (await parseSweepConfig({plan: {...PLAN, engines: {local}}, ...more})).settings;
    expect(await settings({})).toEqual({jobs: null, stepsPerProcess: 1});
    expect(await settings({jobs: 2, stepsPerProcess: 9})).toEqual({jobs: 2, stepsPerProcess: 9});
    expect(await settings({jobs: 2}, {jobs: 5})).toMatchObject({jobs: 5});
  });

  it('have the resources of the engine, and leave those of others to them', async () => {
    const resources = {cpus: 2, partition: 'gpu', nodeSelector: 'pool=a', attack: {time: '2h'}};
    const of = async (engine: 'local' | 'slurm' | 'kubernetes') =>
      (await parseSweepConfig({plan: {...PLAN, resources}, engine})).resources;
    expect(await of('local')).toEqual({attack: {}, defend: {}});
    expect((await of('slurm')).attack).toMatchObject({cpus: 2, partition: 'gpu', time: 7200});
    const pod = (await of('kubernetes')).defend;
    expect(pod).toMatchObject({cpus: 2, nodeSelector: 'pool=a', time: null});
    expect(pod).not.toHaveProperty('partition');
  });

  it.each([
    [
      {resources: {attack: {cpu: 1}}},
      {},
      'but received resources.attack.cpu; the nearest is resources.attack.cpus',
    ],
    [{engines: {locl: {}}}, {}, 'in engines but received "locl"'],
    [
      {engines: {local: {jobs: 0}}},
      {},
      'In the plan: Expected integer from 1 to 1024 for engines.local.jobs but received 0',
    ],
    [
      {engines: {local: {job: 1}}},
      {},
      'but received engines.local.job; the nearest is engines.local.jobs',
    ],
    [
      {engines: {local: 3}},
      {},
      'Expected a map of names to values for engines.local but received 3.',
    ],
    [{}, {engine: 'lsf'}, 'for engine but received "lsf"'],
    [{}, {jobs: 0}, 'Expected integer from 1 to 100000 for jobs but received 0'],
    [{}, {rezume: true}, 'the nearest is resume'],
  ])('refuse what is wrong: %j %j', async (plan, more, message) => {
    expect(await refusal(plan, more)).toContain(message);
  });

  it('are not read from a pipe, which is empty where the sweep goes on', async () => {
    const refused = async (path: string) =>
      (await errorOf(parseSweepConfig({plan: path}), 'ERR_CONFIG')).message;
    for (const path of ['-', '/dev/null']) {
      expect(await refused(path)).toContain(`for plan but received ${path}, a pipe or a device`);
    }
    expect(await refused('none.yaml')).toContain('ENOENT');
  });

  it.each([[undefined], [null], [[]], [3]])('need a plan: %j', async (plan) => {
    const {message} = await errorOf(parseSweepConfig({plan} as never), 'ERR_CONFIG');
    expect(message).toContain('Expected the name of a YAML file, or a plan for plan but received');
  });
});
