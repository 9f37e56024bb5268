import {existsSync} from 'node:fs';
import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {badnet} from '../../../lib/attacks/badnet.js';
import {
  attackLabelOf,
  choosePoisonedIndices,
  type LabelMode,
  poisonTestSelection,
} from '../../../lib/attacks/poison.js';
import {applyTrigger} from '../../../lib/attacks/trigger.js';
import {loadPoisonedPngs} from '../../../lib/datasets/decode.js';
import {openDataset} from '../../../lib/datasets/open_dataset.js';

/** A folder with cifar/ (both CIFAR-10 layouts) and record/badnet_demo (made by the official tool from it). */
const root = process.env.SAU_TEST_DATA ?? '';
const cifar = join(root, 'cifar');
const record = join(root, 'record', 'badnet_demo');
const present = root !== '' && existsSync(cifar) && existsSync(record);
const MODE: LabelMode = {kind: 'all2one', targetLabel: 0};

describe.skipIf(!present)("the official tool's record of CIFAR-10 (SAU_TEST_DATA)", () => {
  it('has the same pixels in the binary and the pickled batches', async () => {
    const chosen = [49999, 3, 12345];
    const [binary, pickled] = await Promise.all(
      (['cifar10-binary', 'cifar10-python'] as const).map(async (dataset) =>
        (await openDataset({path: cifar, dataset})).loadTrain(chosen),
      ),
    );
    expect(
      Buffer.compare(binary?.images ?? new Uint8Array(), pickled?.images ?? new Uint8Array()),
    ).toBe(0);
    expect(binary?.labels).toEqual(pickled?.labels);
  });

  it('has the poisoned test images that badnet makes', async () => {
    const data = await openDataset({path: cifar});
    const test = await data.loadTest();
    const selection = poisonTestSelection(test.labels, MODE);
    expect(selection).toHaveLength(9000);
    const some = selection.slice(0, 300);
    const {test: trigger} = await badnet({patch: 'white'}, {size: data, run: {}});
    const ours = await applyTrigger(test, some, {
      trigger,
      labelOf: (label) => attackLabelOf(label, MODE, 10),
    });
    const theirs = await loadPoisonedPngs(
      Array.from(some, (i) => {
        const originalLabel = test.labels[i] ?? -1;
        const path = join(record, 'bd_test_dataset', String(originalLabel), `${i}.png`);
        return {path, attackLabel: 0, originalLabel, originalIndex: i};
      }),
      data,
    );
    expect(Buffer.compare(ours.images, theirs.images)).toBe(0);
    expect(ours.labels).toEqual(theirs.labels);
    expect(ours.trueLabels).toEqual(theirs.trueLabels);
  });

  it('poisons the training images that seed 0 chooses', async () => {
    const folder = join(record, 'bd_train_dataset');
    const labels = await readdir(folder);
    const names = await Promise.all(labels.map((label) => readdir(join(folder, label))));
    const theirs = names.flat().map((name) => Number.parseInt(name, 10));
    const ours = choosePoisonedIndices({
      labels: new Int32Array(50000),
      amount: {kind: 'rate', rate: 0.1},
      mode: MODE,
      seed: 0,
    });
    expect(ours.toSorted().join()).toBe(theirs.sort((a, b) => a - b).join());
  });
});
