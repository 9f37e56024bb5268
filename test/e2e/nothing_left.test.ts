import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {Progress, Run, RunOptions} from '../../lib/index.js';
import {namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, HALF, SCALE, useWorld} from '../support/world.js';

const ABORTED = new Error('enough');
const UUID = '01234567-89ab-cdef-0123-456789abcdef';

/** Aborts a run at its first message that `isNow` is true of. */
async function abortedAt<T>(
  start: (run: RunOptions) => Run<T>,
  isNow: (progress: Progress) => boolean,
  then: () => void = () => undefined,
): Promise<void> {
  const controller = new AbortController();
  const running = start({
    signal: controller.signal,
    onProgress: (progress) => {
      if (controller.signal.aborted || !isNow(progress)) return;
      then();
      controller.abort(ABORTED);
    },
  });
  await expect(running).rejects.toBe(ABORTED);
}

const isStage = (start: string) => (progress: Progress) =>
  progress.kind === 'stage' && progress.message.startsWith(start);

describe.skipIf(!IS_BUILT)('a run that failed', () => {
  const world = useWorld();
  const tiny = {...CPU, clean: '10', rounds: 1, batchSize: 8} as const;
  const victim = {...CPU, ...SCALE, model: 'preactresnet18_w2', epochs: 1, cropPadding: 0} as const;
  const made = (name: string) => ({
    top: join(world.folder, name),
    out: join(world.folder, name, 'deep', 'out'),
  });

  it('before it wrote anything takes the folders that it made with it', async () => {
    const {defend, attack, demo} = builtPackage();
    const {top, out} = made('failed');
    const given = {...tiny, ckpt: world.record, out};
    const big = {...victim, kind: 'badnet', data: world.data, out, batchSize: 1000} as const;
    await expect(defend({...given, clean: '1000'})).rejects.toMatchObject({code: 'ERR_CONFIG'});
    expect(existsSync(top)).toBe(false);
    await abortedAt((run) => defend(given, run), isStage('unlearning'));
    expect(existsSync(top)).toBe(false);
    await expect(attack(big)).rejects.toMatchObject({code: 'ERR_CONFIG'});
    expect(existsSync(top)).toBe(false);
    await abortedAt(
      (run) => attack({...victim, kind: 'wanet', data: world.data, out}, run),
      isStage('training the victim'),
    );
    expect(existsSync(top)).toBe(false);
    const small = {trainPerClass: 1, testPerClass: 1, size: 16};
    await abortedAt((run) => demo({...CPU, ...small, out}, run), isStage('drawing'));
    expect(existsSync(top)).toBe(false);
  });

  it('leaves a folder that was there before, and one that something else is in', async () => {
    const {defend} = builtPackage();
    const own = made('own');
    mkdirSync(own.out, {recursive: true});
    const given = {...tiny, ckpt: world.record};
    await abortedAt((run) => defend({...given, out: own.out}, run), isStage('preparing'));
    expect(existsSync(own.out)).toBe(true);

    const shared = made('shared');
    const put = () => writeFileSync(join(shared.out, 'notes.txt'), '');
    await abortedAt((run) => defend({...given, out: shared.out}, run), isStage('preparing'), put);
    expect(namesIn(shared.out)).toEqual(['notes.txt']);
  });

  it('after its rounds has not left their rows without weights, and its state where it saves it', async () => {
    const {defend} = builtPackage();
    const {top, out} = made('rows');
    const options = {...tiny, ckpt: world.record, out, evalEvery: 0};
    const isWriting = isStage('writing the result');
    await abortedAt((run) => defend({...options, saveEvery: 0}, run), isWriting);
    expect(existsSync(top)).toBe(false);
    await abortedAt((run) => defend(options, run), isWriting);
    expect(namesIn(out)).toEqual(['defense_state.pt']);
  });
});

describe.skipIf(!IS_BUILT)('a defense with --force', () => {
  const world = useWorld();
  const options = () => ({
    ...{...CPU, clean: '10', rounds: 1, batchSize: 8, data: world.data, ...SCALE},
    ckpt: world.record,
    force: true,
  });

  it('does not replace the checkpoint and the index file that it reads', async () => {
    const {defend} = builtPackage();
    const out = join(world.folder, 'first');
    const {files} = await defend({...options(), out});
    const names = namesIn(out);
    const weights = readFileSync(files.checkpoint ?? '');
    for (const input of [{ckpt: files.checkpoint ?? ''}, {clean: files.cleanIndex ?? ''}]) {
      await expect(defend({...options(), ...input, out})).rejects.toMatchObject({
        code: 'ERR_OUTPUT',
        message: expect.stringMatching(/which the run reads; set out/),
      });
    }
    expect(namesIn(out)).toEqual(names);
    expect(readFileSync(files.checkpoint ?? '').equals(weights)).toBe(true);
  });

  it('leaves the earlier result as it was until its own is whole, and shows its rows beside it', async () => {
    const {defend} = builtPackage();
    const out = join(world.folder, 'earlier');
    await defend({...options(), out});
    const names = () => namesIn(out).filter((name) => name !== 'defense_state.pt');
    const contents = () => names().map((name) => [name, readFileSync(join(out, name), 'hex')]);
    const before = contents();
    let rows = '';
    await abortedAt(
      (run) => defend({...options(), out, seed: 1, evalEvery: 0}, run),
      isStage('writing the result'),
      () => {
        rows = readFileSync(join(out, 'unfinished', 'rounds.jsonl'), 'utf8');
      },
    );
    expect(rows.trimEnd().split('\n')).toHaveLength(1);
    expect(contents()).toEqual(before);

    const {files} = await defend({...options(), out, seed: 1, method: 'ft'});
    expect(files.checkpoint).toBe(join(out, 'defense_result.pt'));
    expect(existsSync(files.csv)).toBe(true);
    expect(namesIn(out)).toEqual(
      before.map(([name = '']) => (name === 'sau_df.csv' ? 'ft_df.csv' : name)).sort(),
    );
  });

  it('says so before the first round where a folder has the name of a result', async () => {
    for (const name of ['defense_result.pt', 'curves.svg', 'rounds.jsonl']) {
      const out = join(world.folder, 'taken', name);
      mkdirSync(join(out, name), {recursive: true});
      await expect(builtPackage().defend({...options(), out})).rejects.toMatchObject({
        code: 'ERR_OUTPUT',
        message: expect.stringMatching(/received the folder .* move it away, or set out/),
      });
      expect(namesIn(out)).toEqual([name]);
    }
  });

  it('clears what a killed run left under temporary names, and nothing else', async () => {
    const out = join(world.folder, 'killed');
    mkdirSync(out);
    writeFileSync(join(out, `.defense_result.pt.${UUID}.tmp`), '');
    writeFileSync(join(out, `.mine.txt.${UUID}.tmp`), '');
    await builtPackage().defend({...options(), out});
    expect(namesIn(out).filter((name) => name.startsWith('.'))).toEqual([`.mine.txt.${UUID}.tmp`]);
  });

  it('refuses a model and constants that no program can run, by name', async () => {
    const {defend} = builtPackage();
    const out = join(world.folder, 'refused');
    const refused = (wrong: object) => defend({...options(), out, ...wrong});
    await expect(refused({normBound: 1e308})).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message:
        'Expected number > 0 that float32 can hold, up to 3.4e38, for normBound but received 1e+308',
    });
    await expect(refused({mean: HALF, std: HALF, imageSize: 5000})).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('integer from 1 to 4096 for imageSize'),
    });
    await expect(refused({model: 'preactresnet18_w9999'})).rejects.toMatchObject({
      code: 'ERR_CHECKPOINT',
      message: expect.stringMatching(/of a preactresnet18_w9999 .* Check model/),
    });
    expect(existsSync(out)).toBe(false);
  });
});
