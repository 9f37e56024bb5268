import {randomUUID} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import type {ScanResult, ScanSummary, StateDict} from '../../lib/index.js';
import {namesIn} from '../support/folders.js';
import {expectSchema} from '../support/json_schemas.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {CPU, HALF, SCALE, SCALE_FLAGS, useWorld} from '../support/world.js';

const MODEL = {modelName: 'preactresnet18_w8', numClasses: 10};
const TARGET = 9;
/** Large steps, so that a few lead to positive margins of every class. */
const FAST = [
  '--margin-starts',
  '4',
  '--margin-iterations',
  '8',
  '--margin-step-size',
  '2',
  '--threads',
  '1',
  '--quiet',
];

/** Fresh weights with a last layer that is sure of itself, and surest of one class. */
function sureOf(fresh: StateDict, factor: number): StateDict {
  const weight = fresh.get('linear.weight');
  if (weight === undefined) throw new Error('There is no last layer');
  const values = new Float32Array(Uint8Array.from(weight.data).buffer);
  const features = values.length / MODEL.numClasses;
  const scaled = values.map((value, i) => {
    return 100 * value * (Math.floor(i / features) === TARGET ? factor : 1);
  });
  return new Map([...fresh, ['linear.weight', {...weight, data: new Uint8Array(scaled.buffer)}]]);
}

describe.skipIf(!IS_BUILT)('a scan', () => {
  const world = useWorld({attacked: false});
  const ckpt = (name: string): string => join(world.folder, name, 'model.pt');

  beforeAll(async () => {
    if (!IS_BUILT) return;
    const {createSession, writeCheckpoint} = builtPackage();
    using session = await createSession({
      ...{device: 'cpu', threads: 1, seed: 1, model: MODEL.modelName, numClasses: 10},
      ...{mean: HALF, std: HALF},
    });
    await session.initialize();
    const fresh = await session.exportStateDict();
    for (const [name, stateDict] of [
      ['fresh', sureOf(fresh, 1)],
      ['biased', sureOf(fresh, 2)],
    ] as const) {
      await mkdir(join(world.folder, name), {recursive: true});
      await writeCheckpoint(ckpt(name), {...MODEL, stateDict});
    }
  });

  it('ends with exit code 10 for a model with a class that stands out, and writes what it found', () => {
    const limit = ['--mmbd-threshold', '1e-6'];
    const flags = [...SCALE_FLAGS, ...FAST, ...limit, '--data-free', '--report'];
    const {status, stdout, stderr} = sau(world.folder, [
      'scan',
      '--ckpt',
      ckpt('biased'),
      ...flags,
    ]);
    expect(stderr).toBe('');
    expect(status).toBe(10);
    expect(stdout).toContain(`Suspicious: mmbd names class ${TARGET}`);
    expect(stdout).toMatch(/mmbd: names 9 \(p .*threshold/);
    const written = readFileSync(join(world.folder, 'biased', 'scan', 'scan.json'), 'utf8');
    const summary = JSON.parse(written) as ScanSummary;
    expectSchema('file-scan', summary);
    expect(summary).toMatchObject({
      ...{schemaVersion: 1, kind: 'scan', model: MODEL.modelName, cleanSubset: null},
      verdict: {state: 'suspicious', labels: [TARGET], by: ['mmbd']},
    });
    const report = readFileSync(join(world.folder, 'biased', 'scan', 'report.html'), 'utf8');
    expect(report).toContain(`Suspicious: mmbd names class ${TARGET}`);
    expect(summary.checkpoint.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('ends with exit code 0 for a model without one, and says that this does not mean clean', () => {
    const flags = [...SCALE_FLAGS, ...FAST, '--data-free', '--json'];
    const {status, stdout} = sau(world.folder, ['scan', '--ckpt', ckpt('fresh'), ...flags]);
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as ScanResult;
    expectSchema('scan', result);
    const {verdict, statistics} = result;
    expect(verdict).toMatchObject({state: 'nothing-found', labels: []});
    expect(verdict.words).toContain('never means clean');
    expect(statistics.map(({name}) => name)).toEqual(['mmbd']);
  });

  it('draws the triggers that it reconstructs, and equal seeds give equal figures', async () => {
    const run = (out: string) =>
      builtPackage().scan({
        ...{...CPU, ...SCALE, ckpt: ckpt('fresh'), data: world.data, clean: '24'},
        ...{statistics: ['nc', 'shared', 'universal', 'latent'], inversionEpochs: 2},
        ...{triggerSuccess: 0.01, universalSteps: 1, latentSteps: 4, out: join(world.folder, out)},
      });
    const [first, second] = [await run('one'), await run('two')];
    const figuresOf = ({statistics}: ScanResult) =>
      statistics.map(({seconds: _, ...statistic}) => statistic);
    expect(figuresOf(second)).toEqual(figuresOf(first));
    expect(first.statistics.map(({name}) => name)).toEqual(['shared', 'universal', 'latent', 'nc']);
    expectSchema('scan', first);
    expect(await namesIn(first.folder)).toEqual(Object.values(first.files).sort());
    expect(Object.keys(first.files).some((name) => /^trigger_\d$/.test(name))).toBe(true);
    expect(first.cleanSubset?.count).toBe(24);
  });

  it('asks for enough images, or for none', async () => {
    const {scan} = builtPackage();
    const given = {...CPU, ...SCALE, ckpt: ckpt('fresh')};
    await expect(scan({...given, data: world.data, clean: '10'})).rejects.toMatchObject({
      code: 'ERR_DATASET',
      message: expect.stringContaining('at least 20 clean images for clean but received 10'),
    });
    await expect(scan(given)).rejects.toMatchObject({code: 'ERR_DATASET'});
    const both = scan({...given, dataFree: true, statistics: ['mmbd', 'nc']});
    await expect(both).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('only mmbd in statistics'),
    });
  });

  it('does not overwrite an earlier result without being asked', async () => {
    const given = {...CPU, ...SCALE, ckpt: ckpt('biased'), dataFree: true, marginIterations: 1};
    await expect(builtPackage().scan(given)).rejects.toMatchObject({code: 'ERR_OUTPUT'});
    const {kind, folder} = await builtPackage().scan({...given, force: true});
    expect(kind).toBe('scan');
    const ofKilled = `.scan.json.${randomUUID()}.tmp`;
    writeFileSync(join(folder, ofKilled), 'cut');
    await builtPackage().scan({...given, force: true});
    expect(namesIn(folder)).not.toContain(ofKilled);
  });
});
