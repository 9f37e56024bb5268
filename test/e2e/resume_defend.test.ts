import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {cpSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {flagName} from '../../bin/flags.js';
import type {SauError} from '../../lib/base/errors.js';
import type {DefendOptions} from '../../lib/options/documented.js';
import {readDefenseState, writeDefenseState} from '../../lib/records/defense_state.js';
import {inspectCheckpoint} from '../../lib/records/inspect.js';
import {namesIn} from '../support/folders.js';
import {contentsOf, killedSitting, STATE, takenOut} from '../support/killed_runs.js';
import {errorOf} from '../support/package_errors.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, useWorld} from '../support/world.js';

describe.skipIf(!IS_BUILT)('a defense that was interrupted', () => {
  const world = useWorld();
  const optionsIn = (name: string, more: object = {}) =>
    ({
      ...{...CPU, ckpt: world.record, clean: 20, rounds: 3, batchSize: 10},
      ...{out: join(world.folder, name), ...more},
    }) as DefendOptions & {readonly out: string};

  /** A defense that is aborted as soon as its first state is saved. */
  async function interrupted(options: DefendOptions & {readonly out: string}) {
    const controller = new AbortController();
    const reason = new Error('enough');
    const notes: string[] = [];
    const running = builtPackage().defend(options, {
      signal: controller.signal,
      onProgress: (progress) => {
        if (existsSync(join(options.out, STATE))) controller.abort(reason);
        if (progress.kind === 'note') notes.push(progress.message);
      },
    });
    await expect(running).rejects.toBe(reason);
    return notes;
  }

  /** A folder like that of a defense that was interrupted once. */
  function interruptedIn(name: string) {
    const options = optionsIn(name);
    cpSync(join(world.folder, 'interrupted'), options.out, {recursive: true});
    return options;
  }

  beforeAll(async () => {
    if (IS_BUILT) await interrupted(optionsIn('interrupted'));
  });

  it('goes on after it was killed to the files of an unbroken one', async () => {
    const options = optionsIn('killed');
    const {defend} = builtPackage();
    const {rounds} = await defend(options);
    const whole = takenOut(options.out);
    expect(killedSitting(options)).toBe(true);
    expect(namesIn(options.out)).toContain(STATE);
    const did: number[] = [];
    const resumed = await defend(
      {...options, resume: true},
      {onProgress: (progress) => progress.kind === 'round' && did.push(progress.report.round)},
    );
    expect(did.length).toBeLessThan(rounds.length);
    expect(contentsOf(options.out)).toEqual(whole);
    expect(resumed.rounds.map(({round}) => round)).toEqual([0, 1, 2]);
  });

  it('goes on within what comes before its rounds, in the place of an earlier result', async () => {
    const more = {method: 'anp', iterations: 6, reportEvery: 2, pruneStep: 0.3, rounds: undefined};
    const options = optionsIn('earlier', more);
    const {defend} = builtPackage();
    await defend(options);
    const whole = contentsOf(options.out);
    const notes = await interrupted({...options, force: true});
    expect(notes.at(-1)).toContain(`${STATE}; run the same defense with resume to go on`);
    const {[STATE]: _state, ...earlier} = contentsOf(options.out);
    expect(earlier).toEqual(whole);
    const tables: unknown[] = [];
    const result = await defend(
      {...options, resume: true},
      {
        onProgress: (progress) => {
          if (progress.kind === 'row' && progress.table === 'learning')
            tables.push(progress.cells.round);
        },
      },
    );
    expect(tables.length).toBeLessThan(3);
    expect(tables.at(-1)).toBe(2);
    expect(contentsOf(options.out)).toEqual(whole);
    expect(result.files.tables).toHaveProperty('learning');
  });

  it('is refused with what differs: options, method, checkpoint, images and version', async () => {
    const options = interruptedIn('refused');
    const {defend} = builtPackage();
    const resume = {...options, resume: true};
    const before = namesIn(options.out);
    const refused = async (more: object): Promise<SauError> =>
      errorOf(defend({...resume, ...more} as DefendOptions), 'ERR_CONFIG');
    const other = await refused({learningRate: 0.5, rounds: 4});
    expect(other.message).toContain('of rounds 3, learningRate 0.0001, but received rounds 4, ');
    expect(other.messageIn(flagName)).toContain('received --rounds 4, --learning-rate 0.5. Give');
    expect(other.details.different).toEqual(['rounds', 'learningRate']);
    expect((await refused({method: 'ft'})).details.different).toEqual(['method']);
    const saved = await readDefenseState(options.out);
    for (const [name, value] of [
      ['sauNative', '0.0.1'],
      ['libtorch', '2.0.0'],
      ['checkpoint', 'that of another file'],
      ['cleanImages', 'those of other images'],
    ] as const) {
      await writeDefenseState(options.out, {
        ...saved,
        identity: {...saved.identity, [name]: value},
      });
      const error = await refused({});
      expect(error.details.different).toEqual([name]);
      expect(error.message).toContain(`of ${name} ${value}, but received ${name} `);
    }
    expect(namesIn(options.out)).toEqual(before);
  });

  it('is not overwritten unasked, says what it is, and is forgotten with force', async () => {
    const options = interruptedIn('half');
    const {defend, readCheckpoint} = builtPackage();
    const unasked = await errorOf(defend(options), 'ERR_OUTPUT');
    expect(unasked.message).toContain('Set resume to go on with it, or force to start anew');
    const read = await errorOf(readCheckpoint(options.out), 'ERR_CHECKPOINT');
    expect(read.message).toContain('resume');
    expect(await inspectCheckpoint(options.out)).toMatchObject({
      kind: 'defense_state',
      model: {keyPath: ['model_state_dict']},
    });
    await defend({...options, force: true} as DefendOptions);
    expect(namesIn(options.out)).not.toContain(STATE);
    const done = await errorOf(defend({...options, resume: true}), 'ERR_CHECKPOINT');
    expect(done.message).toContain('found a finished one');
    const none = await errorOf(defend({...optionsIn('none'), resume: true}), 'ERR_CHECKPOINT');
    expect(none.message).toContain('there is none. Leave out resume to start anew.');
  });

  it('has a result once it is over, also where its state cannot be removed', async () => {
    const options = optionsIn('stuck', {rounds: 1, saveEvery: 0});
    const notes: string[] = [];
    const {files} = await builtPackage().defend(options, {
      onProgress: (progress) => {
        // A folder in the place of the state is not removed as a file is.
        if (progress.kind === 'round') mkdirSync(join(options.out, STATE));
        if (progress.kind === 'note') notes.push(progress.message);
      },
    });
    expect(existsSync(files.checkpoint)).toBe(true);
    expect(notes.join()).toMatch(
      /the saved round of a run that is over stays: .*defense_state\.pt/,
    );
  });

  it('is damaged where its file was cut, or holds the state of another run', async () => {
    const options = interruptedIn('cut');
    const resume = {...options, resume: true};
    const path = join(options.out, STATE);
    const saved = await readDefenseState(options.out);
    const state = new Map([...saved.state].filter(([name]) => !name.endsWith('.exp_avg')));
    await writeDefenseState(options.out, {...saved, state});
    await errorOf(builtPackage().defend(resume), 'ERR_CHECKPOINT');
    writeFileSync(path, readFileSync(path).subarray(0, 1000));
    await errorOf(builtPackage().defend(resume), 'ERR_CHECKPOINT');
  });

  it('says on the command line how it goes on, and keeps what there is until then', async () => {
    const out = join(world.folder, 'stopped');
    const args = ['defend', '--ckpt', world.record, '--clean', '20', '--rounds', '400'];
    args.push('--batch-size', '10', '--eval-every', '0', '--threads', '1', '--out', out);
    const child = spawn(process.execPath, [PROGRAM, ...args, '--device', 'cpu'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    let isStopped = false;
    child.stderr.on('data', () => {
      if (isStopped || !existsSync(join(out, STATE))) return;
      isStopped = true;
      child.kill('SIGINT');
    });
    const [status] = await once(child, 'close');
    expect(status).toBe(130);
    expect(stdout).toMatch(
      /go on with the rounds that are left\n {2}\$ sau-native defend .*--resume/,
    );
    expect(namesIn(out)).toEqual(expect.arrayContaining([STATE, 'defense_result.pt', 'run.json']));
  });
});
