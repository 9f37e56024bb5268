import {copyFileSync, mkdirSync, writeFileSync} from 'node:fs';
import {join, resolve, sep} from 'node:path';
import {inputIn} from '../guarded.mjs';
import {expectThat, outcomeOf} from '../oracle.mjs';
import {packageModule} from '../package.mjs';
import {fixturesLike, writtenBy} from '../seeds.mjs';
import {checkCheckpoint, checkDescription, mutateTorchZip} from './checkpoints.mjs';

const {describeCheckpoint} = packageModule('records/inspect');
const {readCheckpoint} = packageModule('records/read_checkpoint');
const {poisonedEntries} = packageModule('records/attack_result');
const {createPngResolver} = packageModule('records/record_paths');
const {readAttackCheckpoint} = packageModule('records/attack_checkpoint');
const {OrderedDict} = packageModule('checkpoint/pickle_values');
const {PickledTensor} = packageModule('checkpoint/pickle_writer');
const {writeTorchFile} = packageModule('checkpoint/torch_zip_writer');
const {RECORD} = packageModule('records/layout');

const MOST_BYTES = 1 << 20;
/** So many images of a record are looked for. */
const MOST_IMAGES = 5;

/** The folder of a record with one image, made once. */
function recordIn(folder) {
  const record = join(folder, 'project/record/one');
  const images = join(record, 'bd_test_dataset/0');
  mkdirSync(images, {recursive: true});
  writeFileSync(join(images, '1.png'), '');
  return record;
}

async function readRecordOf(folder) {
  const record = recordIn(folder);
  const path = join(record, RECORD.result);
  copyFileSync(inputIn(folder), path);
  let description;
  const described = await outcomeOf(
    () => describeCheckpoint(record),
    (value) => {
      description = value;
      checkDescription(value);
    },
  );
  const read = await outcomeOf(
    () => readCheckpoint(record),
    async (checkpoint) => {
      checkCheckpoint(checkpoint, description);
      if (checkpoint.record?.poisonedTest)
        await findImages(path, record, checkpoint.record.poisonedTest);
    },
  );
  return read === 'accepted' ? read : described;
}

/** Images are found in the folders that the user named, whatever the record says. */
async function findImages(path, record, state) {
  const resolver = createPngResolver(path);
  const roots = [resolve(record), resolve('record'), resolve(record, '..')];
  for (const {path: stored} of poisonedEntries(state).slice(0, MOST_IMAGES)) {
    await outcomeOf(
      () => resolver.resolve(stored),
      (found) =>
        expectThat(
          roots.some((root) => found.startsWith(root + sep)),
          'an image in its folder',
        ),
    );
  }
}

const record = {
  name: 'attack-record',
  mostBytes: MOST_BYTES,
  seeds: () => fixturesLike('checkpoint', /^(attack_result|in_memory|bare|nested).*\.pt$/),
  mutate: mutateTorchZip,
  run: (_, folder) => readRecordOf(folder),
};

const IDENTITY = {seed: '0', images: 'a'};

function attackCheckpoint() {
  const state = new OrderedDict();
  const tensor = {dtype: 'float32', shape: [2], data: new Uint8Array(8)};
  state.set('fc.weight', new PickledTensor(tensor));
  return new Map([
    ['epoch_num_when_save', 0],
    ['model_state_dict', state],
    ['training_state_dict', state],
    ['identity', JSON.stringify(IDENTITY)],
    [
      'epochs',
      [JSON.stringify({kind: 'epoch', round: 0, seconds: 1, figures: {loss: 1}, metrics: null})],
    ],
  ]);
}

const checkpoint = {
  name: 'attack-resume',
  mostBytes: MOST_BYTES,
  seeds: async () => [await writtenBy((path) => writeTorchFile(path, attackCheckpoint()))],
  mutate: mutateTorchZip,
  run: (_, folder) => {
    copyFileSync(inputIn(folder), join(folder, RECORD.checkpoint));
    return outcomeOf(
      () => readAttackCheckpoint(folder, IDENTITY),
      ({epochs, stateDict}) => {
        expectThat(stateDict.size > 0, 'weights');
        expectThat(
          epochs.every(({figures}) => typeof figures === 'object' && figures !== null),
          'figures',
        );
      },
    );
  },
};

export const TARGETS = [record, checkpoint];
