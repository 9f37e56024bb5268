import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {decodeImage} from '../../lib/datasets/decode.js';
import {namesIn} from '../support/folders.js';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {useWorld, VICTIM} from '../support/world.js';

const SIZE = {height: 16, width: 16};

describe.skipIf(!IS_BUILT)('an attack by TrojanNN', () => {
  const world = useWorld({attacked: false});

  it('trains a clean model, makes the trigger, poisons with it and keeps its picture', async () => {
    const {attack, readCheckpoint} = builtPackage();
    const out = join(world.folder, 'record', 'trojannn');
    const stages: string[] = [];
    const options = {...VICTIM, kind: 'trojannn', triggerSteps: 5} as const;
    await attack(
      {...options, data: world.data, out},
      {onProgress: (event) => event.kind === 'stage' && stages.push(event.message)},
    );
    expect(stages).toEqual([
      'reading and poisoning the images',
      'training a clean model',
      'searching for the trigger',
      'training the victim',
      'writing the record',
    ]);
    expect(namesIn(out)).toContain('trojannn_trigger.png');
    const trigger = await decodeImage(join(out, 'trojannn_trigger.png'), SIZE);
    expect(trigger.some((value) => value > 178)).toBe(true);

    const {record} = await readCheckpoint(join(out, 'attack_result.pt'));
    const [index, item] = [...(record?.poisonedTest?.items ?? [])][0] ?? [];
    const stored = join(out, 'bd_test_dataset', String(item?.originalLabel), `${index}.png`);
    const clean = await cleanTestImage(world.data, index ?? -1);
    const poisoned = await decodeImage(stored, SIZE);
    expect([...poisoned]).toEqual([...clean].map((v, i) => (v + (trigger[i] ?? 0)) % 256));
  });
});

/** Image `index` of the test folder: classes by name, files by name. */
function cleanTestImage(data: string, index: number): Promise<Uint8Array> {
  const files = namesIn(join(data, 'test')).flatMap((name) =>
    namesIn(join(data, 'test', name)).map((file) => join(data, 'test', name, file)),
  );
  return decodeImage(files[index] ?? '', SIZE);
}
