import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import type {SauErrorCode} from '../../lib/base/errors.js';
import type {ScanResult} from '../../lib/index.js';
import {expectSchema} from '../support/json_schemas.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {programPath} from '../support/programs.js';
import {CPU, SCALE, SCALE_FLAGS, useWorld, VICTIM} from '../support/world.js';

const PREACT = programPath('preactresnet18_w2');
const RUN = {...CPU, rounds: 1, batchSize: 16, clean: '50pct', force: true} as const;

/** The error of a run of the built package, whose classes are its own. */
async function refusal(run: PromiseLike<unknown>, code: SauErrorCode): Promise<Error> {
  const error: unknown = await run.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({name: 'SauError', code});
  return error as Error;
}

describe.skipIf(!IS_BUILT)('a program in the place of a model', () => {
  const world = useWorld({attacked: false});
  let record: string;
  beforeAll(async () => {
    record = join(world.folder, 'record', 'narrow');
    await builtPackage().attack({
      ...VICTIM,
      ...{model: 'preactresnet18_w2', data: world.data, out: record},
    });
  });
  const out = (name: string) => join(world.folder, name);

  it('purifies a checkpoint of its architecture as the architecture by its name does', async () => {
    const {defend} = builtPackage();
    const common = {...RUN, ckpt: record, data: world.data, rounds: 2};
    const known = await defend({...common, out: out('by-name')});
    const program = await defend({...common, program: PREACT, out: out('by-program')});
    expect(program.before.acc).toBe(known.before.acc);
    expect(program.before.asr).toBe(known.before.asr);
    for (const [i, {figures}] of known.rounds.entries()) {
      for (const [name, value] of Object.entries(figures)) {
        expect(program.rounds[i]?.figures[name], `${name} of round ${i}`).toBeCloseTo(
          value ?? 0,
          3,
        );
      }
    }
  });

  it('purifies its own weights, and is written again with the purified ones', async () => {
    const {defend, readCheckpoint, readProgram} = builtPackage();
    const own = {...RUN, ...SCALE, program: programPath('attention'), data: world.data};
    const {files} = await defend({...own, writeProgram: true, out: out('own')});
    const {modelName, stateDict} = await readCheckpoint(files.checkpoint);
    const before = await readProgram(programPath('attention'));
    const after = await readProgram(files.program ?? '');
    expect(modelName).toBe('attention');
    expect([...stateDict.keys()]).toEqual([...before.stateDict.keys()]);
    expect(after.nodes).toEqual(before.nodes);
    expect([...after.stateDict]).toEqual([...stateDict]);
    expect(stateDict.get('head.weight')?.data).not.toEqual(
      before.stateDict.get('head.weight')?.data,
    );
    const summary = JSON.parse(await readFile(files.run, 'utf8'));
    expect(summary.files.program).toBe('defense_result.pt2');
  });

  it('keeps a tensor of two keys one tensor', async () => {
    const {defend, readCheckpoint} = builtPackage();
    const tied = {...RUN, ...SCALE, program: programPath('custom'), data: world.data};
    const {files} = await defend({...tied, out: out('tied')});
    const {stateDict} = await readCheckpoint(files.checkpoint);
    expect(stateDict.get('left.weight')).toEqual(stateDict.get('right.weight'));
    expect([...stateDict.keys()].indexOf('left.weight')).toBeGreaterThan(0);
  });

  it('is scanned as the architecture by its name is', async () => {
    const {scan} = builtPackage();
    const common = {...CPU, ckpt: record, data: world.data, clean: '20'};
    const chosen = {...common, statistics: ['latent', 'mmbd'], marginIterations: 2} as const;
    const known = await scan({...chosen, out: out('scan-by-name')});
    const program = await scan({...chosen, program: PREACT, out: out('scan-by-program')});
    for (const [i, {classes}] of known.statistics.entries()) {
      const others = program.statistics[i]?.classes ?? [];
      expect(others).toHaveLength(classes.length);
      for (const [label, {figures}] of classes.entries()) {
        for (const [name, value] of Object.entries(figures)) {
          const other = others[label]?.figures[name];
          expect(other ?? 0, `${name} of class ${label}`).toBeCloseTo(value ?? 0, 3);
        }
      }
    }
  });

  it('is scanned with its own weights, also where it has attention and no batch norm', () => {
    const folder = out('scan-attention');
    const given = ['--program', programPath('attention'), '--data', world.data, ...SCALE_FLAGS];
    const flags = ['--clean', '24', '--statistics', 'latent,mmbd', '--margin-iterations', '2'];
    const ran = sau(world.folder, [
      ...['scan', ...given, ...flags, '--threads', '1', '--quiet', '--json', '--out', folder],
    ]);
    expect(ran.stderr).toBe('');
    const result = JSON.parse(ran.stdout) as ScanResult;
    expectSchema('scan', result);
    const {model, statistics} = result;
    expect(model).toBe('attention');
    expect(statistics.map(({name}) => name)).toEqual(['latent', 'mmbd']);
    for (const {figures} of statistics[0]?.classes ?? []) {
      expect(Object.keys(figures)).toEqual(['sizeAtHalf', 'sizeAtEnd', 'size']);
      expect(figures.size).toBeGreaterThan(1 / 32);
    }
  });

  it.each(['sau', 'ft'] as const)('trains in training mode: %s', async (method) => {
    const {defend, readCheckpoint, readProgram} = builtPackage();
    const path = programPath('conv_norm');
    const options = {...RUN, ...SCALE, program: path, data: world.data, out: out(method), method};
    const {files} = await defend(
      method === 'sau' ? {...options, method, trainMode: true} : {...options, method},
    );
    const mean = 'norm.running_mean';
    const {stateDict} = await readCheckpoint(files.checkpoint);
    const before = await readProgram(path);
    expect(stateDict.get(mean)?.data).not.toEqual(before.stateDict.get(mean)?.data);
    expect(stateDict.get('norm.num_batches_tracked')?.data).not.toEqual(
      before.stateDict.get('norm.num_batches_tracked')?.data,
    );
  });

  it.each([
    {method: 'clp', u: 0.1},
    {method: 'bnp', u: 0.1},
    {method: 'anp', iterations: 2, pruneStep: 0.5},
    {method: 'fp', compat: 'reference', rounds: 1},
  ] as const)('is pruned: $method', async (options) => {
    const {defend, readCheckpoint} = builtPackage();
    const {files, selection} = await defend({
      ...{...CPU, ...SCALE, clean: 20, program: PREACT, data: world.data, ckpt: record},
      ...{...options, out: out(`pruned-${options.method}`)},
    });
    const before = (await readCheckpoint(record)).stateDict;
    const {stateDict} = await readCheckpoint(files.checkpoint);
    expect([...stateDict.keys()]).toEqual([...before.keys()]);
    expect(['fixed', 'clean', 'oracle']).toContain(selection);
  });

  it('is unlearned by hypergradients, which fused attention has none of', async () => {
    const {defend} = builtPackage();
    const options = {...RUN, ...SCALE, program: programPath('attention'), data: world.data};
    const run = {...options, method: 'ibau', ibauPortion: 0.5, out: out('ibau')} as const;
    const {rounds, passes} = await defend(run);
    expect(rounds[0]?.figures.perturbedLoss).toBeGreaterThan(0);
    const alone = await defend({...run, fixedPoints: 0, out: out('ibau-0')});
    expect(passes?.backward).toBeGreaterThan(alone.passes?.backward ?? 0);
  });

  it('is measured, alone and with a checkpoint', async () => {
    const {evaluate} = builtPackage();
    const by = {...CPU, data: world.data};
    const known = await evaluate({...by, ckpt: record});
    const program = await evaluate({...by, ckpt: record, program: PREACT});
    expect(program.metrics.acc).toBe(known.metrics.acc);
    expect(program.metrics.asr).toBe(known.metrics.asr);
    expect(program.metrics.cleanLoss).toBeCloseTo(known.metrics.cleanLoss ?? 0, 4);
    const against = await evaluate({...by, ckpt: record, program: PREACT, against: PREACT});
    expect(against.metrics.cleanLoss).toBe(program.metrics.cleanLoss);
    const own = await evaluate({...by, ...SCALE, program: PREACT});
    expect(own.model).toBe('preactresnet18_w2');
    expect(own.metrics.asr).toBeNull();
    expect(own.metrics.cleanLoss).toBe(against.before?.cleanLoss);
    expect(own.metrics.cleanLoss).not.toBe(program.metrics.cleanLoss);
  });

  it('is refused for a checkpoint of another model, another image size, or beside a name', async () => {
    const {defend} = builtPackage();
    const options = {...RUN, data: world.data, out: out('refused')};
    const other = await refusal(
      defend({...options, ckpt: record, program: programPath('conv_norm')}),
      'ERR_CHECKPOINT',
    );
    expect(other.message).toContain('missing: stem.0.weight');
    expect(other.message).toContain('weights go by their names');
    const size = await refusal(
      defend({...options, ...SCALE, program: PREACT, imageSize: 32}),
      'ERR_CONFIG',
    );
    expect(size.message).toContain('Expected images of 16 x 16 pixels');
    const both = {...options, ckpt: record, program: PREACT, model: 'preactresnet18_w2'} as const;
    expect((await refusal(defend(both), 'ERR_CONFIG')).message).toContain('at most one of');
    const alone = await refusal(
      defend({...options, ckpt: record, writeProgram: true}),
      'ERR_CONFIG',
    );
    expect(alone.message).toContain('program beside writeProgram');
    const classes = {...options, ...SCALE, program: PREACT, numClasses: 5};
    expect((await refusal(defend(classes), 'ERR_DATASET')).message).toContain('number of classes');
    expect(existsSync(out('refused'))).toBe(false);
  });

  describe('as the victim of an attack', () => {
    const {model: _, ...trained} = VICTIM;
    const attacked = () => ({...trained, data: world.data, program: PREACT});

    it('is trained on from its own weights, purified and measured', async () => {
      const {attack, defend, evaluate, readCheckpoint, readProgram, writeCheckpoint} =
        builtPackage();
      const {stateDict: own} = await readProgram(PREACT);
      const start = out('start.pt');
      const model = 'preactresnet18_w2';
      await writeCheckpoint(start, {modelName: model, numClasses: 10, stateDict: own});
      const notes: string[] = [];
      const program = await attack(
        {...attacked(), out: out('record/program')},
        {onProgress: (p) => p.kind === 'note' && notes.push(p.message)},
      );
      const known = await attack({
        ...{...VICTIM, data: world.data, model, pretrained: start},
        out: out('record/known'),
      });
      expect(notes.join()).toMatch(
        /starts from the weights of the program .*does not say how fresh/,
      );
      expect(program.epochs).toHaveLength(2);
      for (const [i, {figures}] of known.epochs.entries()) {
        expect(program.epochs[i]?.figures.loss).toBeCloseTo(figures.loss ?? 0, 3);
      }
      const record = await readCheckpoint(out('record/program'));
      expect(record.modelName).toBe(model);
      expect([...record.stateDict.keys()]).toEqual([...own.keys()]);
      const mean = 'layer1.0.bn1.running_mean';
      expect(record.stateDict.get(mean)?.data).not.toEqual(own.get(mean)?.data);

      const ckpt = out('record/program');
      const measured = await evaluate({...CPU, program: PREACT, ckpt});
      expect(measured.metrics.asr).toBe(program.metrics?.asr);
      const {before, files} = await defend({...RUN, program: PREACT, ckpt, out: out('story')});
      expect(before.asr).toBe(program.metrics?.asr);
      const after = await evaluate({
        ...CPU,
        program: PREACT,
        ckpt: files.checkpoint,
        against: ckpt,
      });
      expect(after.before?.asr).toBe(program.metrics?.asr);
    });

    it('goes on after an interruption as if there had been none', async () => {
      const {attack, readCheckpoint} = builtPackage();
      const stop = new AbortController();
      const interrupted = attack(
        {...attacked(), out: out('record/resumed')},
        {
          signal: stop.signal,
          onProgress: (p) => p.kind === 'round' && p.report.round === 0 && stop.abort(),
        },
      );
      await expect(interrupted).rejects.toThrow();
      await attack({...attacked(), out: out('record/resumed'), resume: true});
      const [whole, resumed] = await Promise.all(
        ['program', 'resumed'].map((name) => readCheckpoint(out(`record/${name}`))),
      );
      expect([...(resumed?.stateDict ?? [])]).toEqual([...(whole?.stateDict ?? [])]);
    });

    it('is refused with what it cannot start from', async () => {
      const {attack} = builtPackage();
      const options = {...attacked(), out: out('record/refused')};
      const message = async (run: PromiseLike<unknown>, code: SauErrorCode) =>
        (await refusal(run, code)).message;
      expect(await message(attack({...options, kind: 'trojannn'}), 'ERR_CONFIG')).toContain(
        'Expected a known architecture for model but received program',
      );
      expect(
        await message(attack({...options, model: 'preactresnet18_w2'}), 'ERR_CONFIG'),
      ).toContain('at most one of program and model');
      expect(await message(attack({...options, imageSize: 32}), 'ERR_CONFIG')).toContain(
        'Expected images of 16 x 16 pixels',
      );
      const pretrained = {...options, program: programPath('conv_norm'), pretrained: record};
      expect(await message(attack(pretrained), 'ERR_CHECKPOINT')).toContain(
        'missing: stem.0.weight',
      );
      expect(existsSync(out('record/refused'))).toBe(false);
    });
  });

  it('is an option of the command line', () => {
    const flags = ['--data', world.data, '--threads', '1', '--device', 'cpu', ...SCALE_FLAGS];
    const {status, stdout, stderr} = sau(world.folder, [
      ...['defend', '--program', programPath('conv_norm'), '--write-program', '--rounds', '1'],
      ...['--clean', '50pct', '--out', out('cli'), '--json', ...flags],
    ]);
    expect(stderr).not.toContain('ERR_');
    expect(status).toBe(0);
    expect(JSON.parse(stdout).files.program).toBe(join(out('cli'), 'defense_result.pt2'));
    const refused = sau(world.folder, [
      'evaluate',
      ...['--program', programPath('static_batch'), ...flags],
    ]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('torch.export.save(exported, "model.pt2")');
  });
});
