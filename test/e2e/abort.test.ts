import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {DefendRunOptions, Progress} from '../../lib/index.js';
import {jsonOf, linesOf, namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, useWorld} from '../support/world.js';

describe.skipIf(!IS_BUILT)('an aborted defense', () => {
  const world = useWorld();
  const reason = new Error('enough');

  /** Starts a defense that is aborted as soon as `isNow`. */
  function abortedDefense(
    name: string,
    isNow: (progress: Progress) => boolean,
    run: DefendRunOptions = {},
  ) {
    const controller = new AbortController();
    const out = join(world.folder, name);
    const promise = builtPackage().defend(
      {...CPU, ckpt: world.record, clean: '20', rounds: 50, batchSize: 8, out},
      {
        ...run,
        signal: controller.signal,
        onProgress: (progress) => {
          if (isNow(progress)) controller.abort(reason);
        },
      },
    );
    return {out, promise};
  }

  it('rejects with the reason of the signal when it was aborted before', async () => {
    const out = join(world.folder, 'before');
    const signal = AbortSignal.abort(reason);
    const running = builtPackage().defend({...CPU, ckpt: world.record, out}, {signal});
    await expect(running).rejects.toBe(reason);
    expect(namesIn(out)).toEqual([]);
  });

  it.each([
    ['loading', 'reading the checkpoint and the images'],
    ['preparing', 'preparing the device'],
    ['measuring', 'measuring the backdoored model'],
    ['unlearning', 'unlearning'],
  ])('rejects with the reason while %s, and leaves no file', async (name, stage) => {
    const {out, promise} = abortedDefense(
      name,
      (progress) => progress.kind === 'stage' && progress.message === stage,
    );
    await expect(promise).rejects.toBe(reason);
    expect(namesIn(out)).toEqual([]);
  });

  it('rejects within a round too, and leaves its state alone', async () => {
    const {out, promise} = abortedDefense('round', ({kind}) => kind === 'round');
    await expect(promise).rejects.toBe(reason);
    expect(namesIn(out)).toEqual(['defense_state.pt']);
  });

  it('saves the rounds that were finished where it is asked to', async () => {
    const {promise} = abortedDefense('saved', ({kind}) => kind === 'round', {saveOnAbort: true});
    const {completedRounds, rounds, after, before, der, files} = await promise;
    expect(completedRounds).toBeGreaterThanOrEqual(1);
    expect(completedRounds).toBeLessThan(50);
    expect(rounds).toHaveLength(completedRounds);
    expect(linesOf(files.jsonl ?? '')).toHaveLength(completedRounds);
    expect(jsonOf(files.config ?? '')).toMatchObject({completedRounds, config: {rounds: 50}});
    expect(namesIn(join(world.folder, 'saved'))).toHaveLength(8);
    expect(namesIn(join(world.folder, 'saved'))).toContain('defense_state.pt');
    expect(await builtPackage().readRun(join(world.folder, 'saved'))).toMatchObject({
      ...{completedRounds, interrupted: true},
      after: {acc: null, asr: null},
    });
    const {stateDict} = await builtPackage().readCheckpoint(files.checkpoint ?? '');
    expect(stateDict.size).toBe(102);
    // The weights are those within the next round, which nobody measured.
    expect(after).toMatchObject({acc: null, asr: null, cleanCount: before.cleanCount});
    expect(der).toBeNull();
  });

  it('has nothing to save before the first round, and rejects all the same', async () => {
    const {out, promise} = abortedDefense('early', ({kind}) => kind === 'before', {
      saveOnAbort: true,
    });
    await expect(promise).rejects.toBe(reason);
    expect(namesIn(out)).toEqual([]);
  });

  it('within its first round has nothing to save either, and leaves an earlier result as it was', async () => {
    const {defend} = builtPackage();
    const out = join(world.folder, 'earlier');
    const options = {...CPU, ckpt: world.record, clean: '20', batchSize: 8, out, force: true};
    await defend({...options, rounds: 1});
    const contents = () =>
      Object.fromEntries(namesIn(out).map((name) => [name, readFileSync(join(out, name), 'hex')]));
    const before = contents();
    const controller = new AbortController();
    const run = {
      ...{signal: controller.signal, saveOnAbort: true},
      onProgress: ({kind}: Progress) => {
        if (kind === 'batch') controller.abort(reason);
      },
    };
    await expect(defend({...options, rounds: 3}, run)).rejects.toBe(reason);
    expect(contents()).toEqual(before);
  });

  it('that was aborted before rejects with the reason whatever else is wrong', async () => {
    const {attack, defend, demo, evaluate, removeSetup, setup} = builtPackage();
    const signal = AbortSignal.abort(reason);
    const wrong = {ckpt: 'absent.pt', rounds: -1} as const;
    for (const running of [
      defend(wrong, {signal}),
      evaluate({ckpt: 'absent.pt', batchSize: 0}, {signal}),
      attack({kind: 'badnet', poisonRate: 7}, {signal}),
      demo({size: -1}, {signal}),
      setup({sha256: 'no sum'}, {signal}),
      removeSetup({signal}),
    ]) {
      await expect(running).rejects.toBe(reason);
    }
  });

  it('does not stop an evaluation that is over', async () => {
    const controller = new AbortController();
    const {metrics} = await builtPackage().evaluate(
      {...CPU, ckpt: world.record},
      {signal: controller.signal},
    );
    controller.abort(reason);
    expect(metrics.cleanCount).toBe(50);
    const aborted = builtPackage().evaluate(
      {...CPU, ckpt: world.record},
      {signal: controller.signal},
    );
    await expect(aborted).rejects.toBe(reason);
  });
});
