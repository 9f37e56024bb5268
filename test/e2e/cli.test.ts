import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {jsonOf, linesOf, namesIn} from '../support/folders.js';
import {expectSchema} from '../support/json_schemas.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {SCALE_FLAGS, useWorld} from '../support/world.js';

const CPU = ['--device', 'cpu', '--threads', '1'];
const DEFEND = ['defend', '--clean', '20', '--batch-size', '8', ...CPU];

describe.skipIf(!IS_BUILT)('the result of a command', () => {
  const world = useWorld();

  /** Runs with --json: one document on stdout and nothing else there, as the schema of the command has it. */
  function json(...args: string[]): {result: Record<string, unknown>; stderr: string} {
    const {status, stdout, stderr} = sau(world.folder, [...args, '--json']);
    expect({status, stderr: status === 0 ? '' : stderr}).toEqual({status: 0, stderr: ''});
    const result = JSON.parse(stdout);
    const [command = ''] = args;
    expectSchema(command === 'inspect' ? 'inspect-checkpoint' : command, result);
    return {result, stderr};
  }

  it('of attack, defend and evaluate is one JSON document, and progress goes to stderr', () => {
    const attacked = json(
      ...['attack', 'badnet', '--data', 'data/shapes', ...SCALE_FLAGS, ...CPU],
      ...['--save-folder-name', 'cli', '--model', 'preactresnet18_w8', '--epochs', '1'],
      ...['--batch-size', '16', '--crop-padding', '0'],
    );
    const record = join(world.folder, 'record', 'cli');
    expect(attacked.result).toMatchObject({record, poisonedTrainCount: 12, device: 'cpu'});
    expect(attacked.stderr).toMatch(/^epoch 1\/1 \| loss/m);

    const defended = json(...DEFEND, '--result-file', 'cli', '--rounds', '1');
    expect(defended.result).toMatchObject({completedRounds: 1, rounds: [{round: 0}]});
    expect(defended.stderr).toMatch(/^round 1\/1 \| loss .* \| ACC .* % \| ASR .* %/m);

    const defense = join(record, 'defense', 'sau');
    const evaluated = json('evaluate', '--ckpt', defense, '--against', record, ...CPU);
    expect(evaluated.result).toMatchObject({
      checkpoint: join(defense, 'defense_result.pt'),
      metrics: defended.result.after,
      verdict: defended.result.verdict,
    });
    for (const [folder, name] of [
      [record, 'sau_native.json'],
      [record, 'run.json'],
      [defense, 'config.json'],
      [defense, 'run.json'],
    ] as const) {
      expectSchema(`file-${name.replace('.json', '')}`, jsonOf(join(folder, name)));
    }
    for (const line of linesOf(join(defense, 'rounds.jsonl'))) {
      expectSchema('file-rounds-line', JSON.parse(line));
    }
    rmSync(record, {recursive: true});
  });

  it('says what became of the backdoor, and its exit code which limit is not kept', async () => {
    const out = join(world.folder, 'limited');
    const limits = ['--fail-below-acc', '100%', '--max-acc-drop', '100%', '--fail-above-asr', '1'];
    const run = [...DEFEND, '--ckpt', world.record, '--out', out, '--rounds', '1', ...limits];
    const defended = sau(world.folder, [...run, '--quiet']);
    expect(defended).toMatchObject({status: 11, stderr: ''});
    const {verdict, before} = await builtPackage().readRun(out);
    expect(defended.stdout).toContain(verdict?.words);
    expect(defended.stdout).toMatch(/^failed: ACC \d.* %, with --fail-below-acc 100\.00 %$/m);
    expect(defended.stdout).not.toMatch(/failed: (ASR|loss)/);

    const measured = ['evaluate', '--ckpt', world.record, '--fail-below-acc', '1', ...CPU];
    const {status, stdout} = sau(world.folder, [...measured, '--json', '--quiet']);
    expect(status).toBe(11);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: null,
      failedGates: [{gate: 'failBelowAcc', limit: 1, measured: before?.acc}],
    });
  });

  it('refuses a limit of what cannot be measured before it begins', async () => {
    const bare = join(world.folder, 'bare.pt');
    const {stateDict} = await builtPackage().readCheckpoint(world.record);
    const names = {modelName: 'preactresnet18_w8', numClasses: 10};
    await builtPackage().writeCheckpoint(bare, {...names, stateDict});
    const out = join(world.folder, 'refused');
    const given = ['--ckpt', bare, '--data', 'data/shapes', ...SCALE_FLAGS, '--out', out];
    const {status, stderr} = sau(world.folder, [...DEFEND, ...given, '--fail-above-asr', '5pct']);
    expect(status).toBe(2);
    expect(stderr).toContain(
      'Expected poisoned test images for --fail-above-asr but received none',
    );
    expect(stderr).not.toContain('measuring');
    expect(namesIn(out)).toEqual([]);

    const alone = ['evaluate', '--ckpt', bare, '--max-acc-drop', '3%'];
    expect(sau(world.folder, alone)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Expected --against beside --max-acc-drop'),
    });
  });

  it('of inspect, models and doctor is one JSON document', () => {
    expect(json('inspect', world.record)).toMatchObject({
      result: {kind: 'attack_result', model: {modelName: 'preactresnet18_w8'}},
      stderr: '',
    });
    expect(json('models').result).toMatchObject({models: expect.any(Array)});
    expect(json('doctor')).toMatchObject({
      result: {libtorch: {version: expect.stringMatching(/^2\.\d+\.\d+$/)}, problems: []},
      stderr: '',
    });
  });

  it('of demo is one JSON document', () => {
    const {result} = json(
      ...['demo', '--out', 'demo', '--train-per-class', '6', '--test-per-class', '3', ...CPU],
      ...['--size', '16', '--epochs', '1', '--rounds', '1', '--clean', '10'],
    );
    expect(result).toMatchObject({
      attack: {poisonedTrainCount: 18},
      defense: {completedRounds: 1},
      files: {strip: join(world.folder, 'demo', 'strip.png')},
    });
    expect(namesIn(join(world.folder, 'demo'))).toEqual(['data', 'record', 'strip.png']);
  });

  it('of demo comes from an attack and a defense on the device and in the arithmetic that it was given', () => {
    const {result} = json(
      ...['demo', '--out', 'demo_bf16', '--train-per-class', '6', '--test-per-class', '3', ...CPU],
      ...['--size', '16', '--epochs', '1', '--rounds', '1', '--clean', '10', '--seed', '3'],
      ...['--precision', 'bf16', '--eval-precision', 'fp32', '--deterministic'],
    );
    for (const part of ['attack', 'defense']) {
      const {files} = result[part] as {files: {run: string}};
      expect(JSON.parse(readFileSync(files.run, 'utf8')).options, part).toMatchObject({
        ...{device: 'cpu', threads: 1, seed: 3},
        ...{precision: 'bf16', evalPrecision: 'fp32', deterministic: true},
      });
    }
  });

  it('is a table for people, alone when --quiet', () => {
    const args = ['evaluate', '--ckpt', world.record, '--test-limit', '20', ...CPU];
    const quiet = sau(world.folder, [...args, '--quiet']);
    expect(quiet).toMatchObject({status: 0, stderr: ''});
    expect(quiet.stdout).toMatch(/ACC +ASR +RA/);
    expect(quiet.stdout).toContain('20 clean and 15 poisoned test images');
    const loud = sau(world.folder, args);
    expect(loud.stdout.replace(/in \d.*/, '')).toBe(quiet.stdout.replace(/in \d.*/, ''));
    expect(loud.stderr).toMatch(/^reading the checkpoint/);
  });

  it('is an error document where a run failed', () => {
    const {status, stdout, stderr} = sau(world.folder, [
      ...['evaluate', '--ckpt', 'absent.pt', '--json', '--quiet'],
    ]);
    expect({status, stderr}).toEqual({status: 1, stderr: ''});
    expect(JSON.parse(stdout)).toMatchObject({error: {code: 'ERR_CHECKPOINT'}});
    expectSchema('error', JSON.parse(stdout));
  });
});

describe.skipIf(!IS_BUILT)('Ctrl-C during defend', () => {
  const world = useWorld();
  const out = () => join(world.folder, 'out');
  beforeAll(() => rmSync(out(), {recursive: true, force: true}));

  /** Presses Ctrl-C when a line of progress matches, `times` times. */
  async function interrupted(name: string, when: RegExp, times: number, more = ['--json']) {
    const args = [...DEFEND, '--ckpt', world.record, '--rounds', '200'];
    const child: ChildProcess = spawn(
      process.execPath,
      [PROGRAM, ...args, '--out', join(out(), name), ...more],
      {cwd: world.folder, stdio: ['ignore', 'pipe', 'pipe']},
    );
    let stdout = '';
    let stderr = '';
    let sent = 0;
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
      const due = sent === 0 ? when.test(stderr) : stderr.includes('interrupted:');
      if (due && sent < times) {
        sent += 1;
        child.kill('SIGINT');
      }
    });
    const [status] = await once(child, 'close');
    return {status, stdout, stderr};
  }

  it('saves what there is and exits with 130', async () => {
    const {status, stdout, stderr} = await interrupted('saved', /round 2\/200/, 1);
    expect(stderr).toContain('interrupted: stopping and saving what there is');
    expect(status).toBe(130);
    const result = JSON.parse(stdout);
    expectSchema('defend', result);
    expect(result.verdict).toMatchObject({state: 'unknown', because: 'not-measured'});
    expect(result.completedRounds).toBeGreaterThanOrEqual(2);
    expect(result.completedRounds).toBeLessThan(200);
    expect(jsonOf(join(out(), 'saved', 'config.json'))).toMatchObject({
      completedRounds: result.completedRounds,
    });
    const {stateDict} = await builtPackage().readCheckpoint(result.files.checkpoint);
    expect(stateDict.size).toBe(102);
  });

  it('says how to measure the weights that it leaves, with a command that works', async () => {
    const {status, stdout} = await interrupted('unmeasured', /round 2\/200/, 1, []);
    expect(status).toBe(130);
    const [, command = ''] = /next: measure .*\n {2}\$ sau-native (.*)/.exec(stdout) ?? [];
    expect(command).toMatch(/^evaluate --ckpt .*defense_result\.pt --against /);
    const measured = sau(world.folder, command.split(' '));
    expect(measured).toMatchObject({status: 0});
    expect(measured.stdout).toMatch(/before +\d.*\nafter +\d.*\nDER \d/);
  });

  it('exits with 130 and leaves no file where there is nothing to save', async () => {
    const {status, stdout} = await interrupted('early', /reading the checkpoint/, 1);
    expect(status).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({error: {code: 'ERR_ABORTED'}});
    expect(namesIn(join(out(), 'early'))).toEqual([]);
  });

  it('ends at once when it is pressed again, with no half-written result', async () => {
    const {status, stdout} = await interrupted('twice', /round 2\/200/, 2);
    expect(status).toBe(130);
    const names = namesIn(join(out(), 'twice')).filter((name) => !name.startsWith('.'));
    // The second one may come too late: then everything was saved.
    expect(names.includes('defense_result.pt')).toBe(stdout !== '');
  });
});
