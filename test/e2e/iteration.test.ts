import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {Progress} from '../../lib/index.js';
import {namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {CPU, useWorld, VICTIM} from '../support/world.js';

describe.skipIf(!IS_BUILT)('a loop over', () => {
  const world = useWorld();

  async function kindsOf(run: AsyncIterable<Progress>): Promise<string[]> {
    const kinds = new Set<string>();
    for await (const {kind} of run) kinds.add(kind);
    return [...kinds].filter((kind) => kind !== 'note');
  }

  it('defend hears of its stages, first measurement, batches and rounds, then of its result', async () => {
    const out = join(world.folder, 'defended');
    const options = {...CPU, ckpt: world.record, clean: '20', rounds: 2, batchSize: 8, out};
    const called = new Set<string>();
    const run = builtPackage().defend(options, {onProgress: ({kind}) => called.add(kind)});
    const kinds = await kindsOf(run);
    expect(kinds.toSorted()).toEqual(['batch', 'before', 'estimate', 'images', 'round', 'stage']);
    expect([...called].filter((kind) => kind !== 'note').toSorted()).toEqual(kinds.toSorted());
    expect((await run).completedRounds).toBe(2);
  });

  it('attack and evaluate does so too', async () => {
    const {attack, evaluate} = builtPackage();
    const out = join(world.folder, 'attacked');
    const attacked = attack({...VICTIM, data: world.data, epochs: 1, out});
    expect(await kindsOf(attacked)).toEqual(expect.arrayContaining(['stage', 'round']));
    expect((await attacked).epochs).toHaveLength(1);
    const evaluated = evaluate({...CPU, ckpt: world.record});
    expect(await kindsOf(evaluated)).toEqual(['stage', 'images']);
    expect((await evaluated).metrics.cleanCount).toBe(50);
  });

  it('a defense that fails throws its error', async () => {
    const run = builtPackage().defend({...CPU, ckpt: join(world.folder, 'absent.pt'), clean: '20'});
    await expect(kindsOf(run)).rejects.toMatchObject({code: 'ERR_CHECKPOINT'});
  });

  it('a defense that is aborted throws the reason, and leaves no file', async () => {
    const controller = new AbortController();
    const out = join(world.folder, 'aborted');
    const given = {ckpt: world.record, clean: '20', rounds: 50, batchSize: 8};
    const options = {...CPU, ...given, saveEvery: 0, out};
    const loop = async () => {
      for await (const {kind} of builtPackage().defend(options, {signal: controller.signal})) {
        if (kind === 'round') controller.abort(new Error('enough'));
      }
    };
    await expect(loop()).rejects.toThrow('enough');
    expect(namesIn(out)).toEqual([]);
  });
});
