import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import type {AttackOptions} from '../../lib/options/documented.js';
import {linesOf, namesIn} from '../support/folders.js';
import {ENTRY, IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {useWorld, VICTIM} from '../support/world.js';

const EPOCHS = 4;
const OPTIONS = {...VICTIM, model: 'preactresnet18_w2', epochs: EPOCHS, cropPadding: 2} as const;
const SMALL = {maskEpochs: 2, generatorWidth: 2} as const;

/** Attacks with the epoch in whose first batch they are killed. */
const KILLED: readonly [string, AttackOptions, number][] = [
  ['badnet', {...OPTIONS, kind: 'badnet'}, 2],
  ['wanet', {...OPTIONS, kind: 'wanet'}, 1],
  ['inputaware, while its masks learn', {...OPTIONS, ...SMALL, kind: 'inputaware'}, 1],
  ['inputaware, while its patterns learn', {...OPTIONS, ...SMALL, kind: 'inputaware'}, 3],
  ['bpp', {...OPTIONS, kind: 'bpp'}, 3],
];

/** A process that kills itself in the first batch of an epoch: nothing can be tidied up. */
const CHILD = `
const [entry, options, epoch] = process.argv.slice(1);
require(entry).attack(JSON.parse(options), {
  onProgress: (progress) => {
    if (progress.kind === 'batch' && progress.round === Number(epoch)) process.kill(process.pid, 'SIGKILL');
  },
});`;

describe.skipIf(!IS_BUILT)('a training whose process was killed', () => {
  const world = useWorld({attacked: false});

  const weightsOf = async (record: string) =>
    [...(await builtPackage().readCheckpoint(record)).stateDict].map(([key, {data}]) => [
      key,
      Buffer.from(data).toString('base64'),
    ]);
  const rowsOf = (record: string) =>
    linesOf(join(record, 'rounds.jsonl')).map((line) => ({...JSON.parse(line), seconds: 0}));
  const imagesOf = (record: string) =>
    ['bd_train_dataset', 'bd_test_dataset', 'cross_test_dataset'].flatMap((folder) =>
      namesIn(join(record, folder)).flatMap((label) =>
        namesIn(join(record, folder, label)).map((png) => [
          join(folder, label, png),
          readFileSync(join(record, folder, label, png)).toString('base64'),
        ]),
      ),
    );

  it.each(KILLED)('goes on to the record of the unbroken one: %s', async (name, options, epoch) => {
    const {attack} = builtPackage();
    const at = (folder: string) => join(world.folder, folder, 'record', name.replace(/\W+/g, '_'));
    const given = {...options, data: world.data};
    const whole = await attack({...given, out: at('whole')});

    const out = at('killed');
    const child = ['-e', CHILD, ENTRY, JSON.stringify({...given, out}), String(epoch)];
    const {signal} = spawnSync(process.execPath, child, {encoding: 'utf8', timeout: 60_000});
    expect(signal).toBe('SIGKILL');
    expect(namesIn(out)).toContain('attack_epoch_latest.pt');
    expect(namesIn(out)).not.toContain('attack_result.pt');

    const rounds = new Set<number>();
    const resumed = await attack(
      {...given, out, resume: true},
      {onProgress: (progress) => progress.kind === 'batch' && rounds.add(progress.round)},
    );
    expect([...rounds]).toEqual([0, 1, 2, 3].slice(epoch));
    expect(namesIn(out)).toEqual(namesIn(whole.record));
    expect(await weightsOf(out)).toEqual(await weightsOf(whole.record));
    expect(rowsOf(out)).toEqual(rowsOf(whole.record));
    expect(imagesOf(out)).toEqual(imagesOf(whole.record));
    const csv = (record: string) => readFileSync(join(record, 'attack_df.csv'), 'utf8');
    expect(csv(out)).toBe(csv(whole.record));
    expect(resumed.metrics).toEqual(whole.metrics);
    expect(resumed.poisonedTrainCount).toBe(whole.poisonedTrainCount);
  });

  it('makes its attack again where only the record was not written', async () => {
    const {attack} = builtPackage();
    const out = join(world.folder, 'last', 'record', 'wanet');
    const options = {...OPTIONS, kind: 'wanet', epochs: 1, data: world.data, out} as const;
    const controller = new AbortController();
    const running = attack(options, {
      signal: controller.signal,
      onProgress: (progress) =>
        progress.kind === 'stage' && progress.message.startsWith('poisoning') && controller.abort(),
    });
    await expect(running).rejects.toMatchObject({name: 'AbortError'});
    const {record, epochs} = await attack({...options, resume: true});
    const whole = await attack({
      ...options,
      out: join(world.folder, 'unbroken', 'record', 'wanet'),
    });
    expect(epochs).toHaveLength(1);
    expect(imagesOf(record)).toEqual(imagesOf(whole.record));
    expect(await weightsOf(record)).toEqual(await weightsOf(whole.record));
  });
});
