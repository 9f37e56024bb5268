import {writeFileSync} from 'node:fs';
import {integerBytes, mutateBytes} from '../formats/bytes.mjs';
import {mutateJson} from '../formats/json.mjs';
import {mutatePickle} from '../formats/pickle.mjs';
import {makeZip, mutateZip, readZip} from '../formats/zip.mjs';
import {inputIn} from '../guarded.mjs';
import {expectThat, outcomeOf} from '../oracle.mjs';
import {packageModule} from '../package.mjs';
import {fixturesLike, inflatedLike, writtenBy} from '../seeds.mjs';

const {describeCheckpoint} = packageModule('records/inspect');
const {readCheckpoint} = packageModule('records/read_checkpoint');
const {poisonedEntries} = packageModule('records/attack_result');
const {DTYPE_BYTES, elementCount} = packageModule('checkpoint/tensor');
const {pickle} = packageModule('checkpoint/pickle_writer');
const {writeSafetensors} = packageModule('checkpoint/safetensors_writer');

const {unpickle} = packageModule('checkpoint/unpickle');
const {VOCABULARY} = packageModule('checkpoint/vocabulary');
const {inertGlobal} = packageModule('checkpoint/inert');
const {resolveStorage} = packageModule('checkpoint/torch_values');

const MOST_BYTES = 1 << 20;
/** Copies of views that repeat their elements may be larger than the file by so much. */
const MOST_EXPANSION = 256 * 2 ** 20;

/** What `inspect` says of a file, and what is read of it: where both take it, they agree. */
async function readBoth(path) {
  let description;
  const described = await outcomeOf(
    () => describeCheckpoint(path),
    (value) => {
      description = value;
      checkDescription(value);
    },
  );
  const read = await outcomeOf(
    () => readCheckpoint(path),
    (checkpoint) => {
      expectThat(description?.model, 'what is read is described');
      checkCheckpoint(checkpoint, description);
    },
  );
  return read === 'accepted' ? read : described;
}

export function checkDescription({model, content, globals}) {
  JSON.stringify(content);
  expectThat(
    globals.every((name) => !/^(os|posix|subprocess)\./.test(name)),
    'code is refused',
  );
  if (model === null) return;
  expectThat(model.tensorCount === model.tensors.length, 'a count of tensors');
  expectThat(Number.isFinite(model.elementCount), 'a count of elements');
}

export function checkCheckpoint({stateDict, record, numClasses}, {model, fileBytes}) {
  let total = 0;
  for (const [name, {dtype, shape, data}] of stateDict) {
    expectThat(data.length === elementCount(shape) * DTYPE_BYTES[dtype], 'bytes of a tensor');
    total += data.length;
    expectThat(typeof name === 'string', 'a name of a tensor');
  }
  expectThat(total <= fileBytes * stateDict.size + MOST_EXPANSION, 'tensors within the file');
  expectThat(stateDict.size === model.tensorCount, 'as many tensors as described');
  expectThat(numClasses === null || numClasses >= 1, 'a number of classes');
  for (const state of [record?.poisonedTrain, record?.poisonedTest]) if (state) checkState(state);
}

function checkState(state) {
  const {originalIndices, poisonIndicator} = state;
  expectThat(
    originalIndices.every((i) => i >= 0 && i < poisonIndicator.length),
    'indices in the set',
  );
  for (const {path, attackLabel, originalLabel} of poisonedEntries(state)) {
    expectThat(typeof path === 'string', 'a path of an image');
    expectThat(
      [attackLabel, originalLabel].every((label) => Number.isInteger(label) && label >= 0),
      'labels',
    );
  }
}

/** What an entry of torch.save's archive holds, changed. */
export function changedEntry(random, context) {
  return (name, data) => {
    const other = () =>
      readZip(context.other())?.find((entry) => entry.name.endsWith('data.pkl'))?.data ?? data;
    if (/data\.pkl$/i.test(name)) return mutatePickle(random, data, {...context, other});
    return mutateBytes(random, data, {...context, other: () => data});
  };
}

export function mutateTorchZip(random, bytes, context) {
  return mutateZip(random, bytes, {...context, within: changedEntry(random, context)});
}

const zip = {
  name: 'zip',
  mostBytes: MOST_BYTES,
  seeds: () => fixturesLike('checkpoint', /\.(pt|ckpt|pth\.tar)$/),
  mutate: mutateTorchZip,
  run: (_, folder) => readBoth(inputIn(folder)),
};

async function pickleSeeds() {
  const zips = await zip.seeds();
  const inZips = zips.flatMap(
    (bytes) => readZip(bytes)?.filter(({name}) => name.endsWith('data.pkl')) ?? [],
  );
  const plain = await fixturesLike('checkpoint', /\.(pkl|pickle)$/);
  const {pieces} = await pickle(
    new Map([
      ['epochs', ['{}', 1.5, true, null]],
      ['x', 2 ** 40],
    ]),
  );
  return [...inZips.map(({data}) => data), ...plain, Buffer.concat(pieces)];
}

/** As many as the tensors of the seeds need. */
const STORAGES = Array.from({length: 48}, (_, key) => ({
  name: `a/data/${key}`,
  data: Buffer.alloc(2048, 1),
}));

/** As the pickle of an archive with storages, which is how most are read. */
const inZip = {
  name: 'pickle',
  mostBytes: MOST_BYTES,
  seeds: pickleSeeds,
  mutate: mutatePickle,
  run: async (bytes, folder) => {
    const options = {
      source: 'x',
      vocabulary: VOCABULARY,
      outside: inertGlobal,
      persistentLoad: resolveStorage,
    };
    // Most end here, and a file costs more than they do.
    if ((await outcomeOf(() => unpickle(bytes, options))) === 'refused') return 'refused';
    const path = `${folder}/pickle.pt`;
    writeFileSync(path, makeZip([{name: 'a/data.pkl', data: bytes}, ...STORAGES]));
    return readBoth(path);
  },
};

const bare = {
  name: 'bare-pickle',
  mostBytes: MOST_BYTES,
  seeds: async () => [...(await pickleSeeds()), ...(await inflatedLike('checkpoint', /\.pkl\.z$/))],
  mutate: mutatePickle,
  run: (_, folder) => readBoth(inputIn(folder)),
};

const legacy = {
  name: 'legacy',
  mostBytes: MOST_BYTES,
  seeds: () => fixturesLike('checkpoint', /^legacy.*\.pt$/),
  mutate: (random, bytes, context) => {
    // The magic number stays, or nothing is read.
    const kept = random.chance(0.95) ? 15 : 0;
    return Buffer.concat([
      bytes.subarray(0, kept),
      mutatePickle(random, bytes.subarray(kept), context),
    ]);
  },
  run: (_, folder) => readBoth(inputIn(folder)),
};

/** The header changed, with its length right and blanks in the place of what is gone, or not. */
function mutateSafetensors(random, bytes, context) {
  if (random.chance(0.1) || bytes.length < 8) return mutateBytes(random, bytes, context);
  const length = Math.min(bytes.readUInt32LE(0), bytes.length - 8);
  const header = mutateJson(random, bytes.subarray(8, 8 + length), {
    ...context,
    other: () => context.other().subarray(8),
  });
  const data = bytes.subarray(8 + length);
  const rest = random.chance(0.1) ? mutateBytes(random, data, context) : data;
  const told = random.chance(0.95) ? header.length : random.bits();
  return Buffer.concat([integerBytes(told, 8), header, rest]);
}

const safetensors = {
  name: 'safetensors',
  mostBytes: MOST_BYTES,
  seeds: async () => {
    const tensor = (shape, length) => ({dtype: 'float32', shape, data: new Uint8Array(length)});
    const state = new Map([
      ['a.weight', tensor([2, 3], 24)],
      ['a.bias', tensor([0], 0)],
      ['b', tensor([], 4)],
    ]);
    return [
      ...(await fixturesLike('checkpoint', /\.safetensors$/)),
      await writtenBy((path) => writeSafetensors(path, state)),
    ];
  },
  mutate: mutateSafetensors,
  run: (_, folder) => readBoth(inputIn(folder)),
};

export const TARGETS = [zip, inZip, bare, legacy, safetensors];
