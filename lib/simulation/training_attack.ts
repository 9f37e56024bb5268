import {assertNever, SauError} from '../base/errors.js';
import {firstImages, type ImageSet} from '../datasets/image_set.js';
import {findKnown} from '../datasets/known.js';
import type {NativePoisonedImages, NativeTrainingAttack} from '../native/attack_contract.js';
import {TRAINING_ATTACKS} from '../options/attacks/training_attacks.js';
import {named} from '../options/named.js';
import {nativeOf} from '../options/native.js';
import type {TrainingAttackConfig} from '../options/types.js';
import type {RecordedPoison} from '../records/attack_record.js';
import type {RecordNotes} from '../records/record_notes.js';
import {imageCounter, type RunOptions} from '../run/progress.js';
import type {Session, TrainOptions} from '../session/session.js';
import type {OpenedAttack} from './opened_attack.js';
import {trainOptions} from './training.js';
import {type Outcome, trainAndRecord, type Victim, withRecord} from './victim.js';

interface TrainingAttack extends OpenedAttack {
  readonly config: TrainingAttackConfig;
}

/**
 * Runs an attack that poisons each training batch: trains the victim on the clean set under the attack, then makes
 * the images of the record (specification B4.8 to B4.10, C.3). Input-aware's epochs that train only the masks
 * appear in the progress but not in the reports. Throws as `attack` does.
 */
export async function trainingAttack(
  attack: TrainingAttack,
  run: RunOptions,
): Promise<Outcome & {readonly record: string}> {
  const {config, dataset} = attack;
  const options = {...trainOptions(config, attack.datasetName), dropLast: false};
  checkOptions(config, options);
  const load = () => ({signal: run.signal, onImages: imageCounter(run, 'reading')});
  const train = await dataset.loadTrain(undefined, load());
  const test = await dataset.loadTest(undefined, load());
  const bytes = train.images.byteLength + test.images.byteLength;
  const cleanTest = await firstImages(test, config.testLimit ?? test.count);
  const victim: Victim = {
    ...attack,
    train,
    tests: {cleanTest, poisonedTest: null},
    training: {options, attack: nativeAttack(attack), saveEvery: config.saveEvery},
    poison: (session) => recordedPoison(session, train, test, run),
  };
  return withRecord(config, bytes / 2 + 100e6, async (record) => {
    return {record, ...(await trainAndRecord(record, victim, run))};
  });
}

function checkOptions(config: TrainingAttackConfig, {epochs}: TrainOptions): void {
  if (config.poisonCount !== null) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected ${named('poisonRate')} for ${config.kind}, which poisons a share of each batch, but received a poison count of ${config.poisonCount}. Leave out ${named('poisonCount')}`,
      {details: {poisonCount: config.poisonCount}},
    );
  }
  if (config.kind === 'inputaware' && config.maskEpochs >= epochs) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected more than ${config.maskEpochs} ${named('epochs')}, of which the first ${named('maskEpochs')} train no victim, but received ${epochs}. Raise ${named('epochs')} or lower ${named('maskEpochs')}`,
      {details: {maskEpochs: config.maskEpochs, epochs}},
    );
  }
}

function nativeAttack({config, datasetName, scale, mode}: TrainingAttack): NativeTrainingAttack {
  const {poisonRate, targetLabel} = config;
  const labelMode = mode.kind === 'all2all' ? 'all2all' : 'all2one';
  const common = {poisonRate, targetLabel, labelMode} as const;
  switch (config.kind) {
    case 'wanet':
      return {...common, kind: config.kind, ...nativeOf(TRAINING_ATTACKS.wanet.options, config)};
    case 'inputaware': {
      const own = nativeOf(TRAINING_ATTACKS.inputaware.options, config);
      return {...common, kind: config.kind, ...own};
    }
    case 'bpp': {
      const {mean, std} = bppScale(datasetName, scale);
      const own = nativeOf(TRAINING_ATTACKS.bpp.options, config);
      return {...common, kind: config.kind, ...own, mean, std};
    }
    default:
      return assertNever(config);
  }
}

/** BPP's own constants of a data set, unless the images are normalized with others than the data set's. */
function bppScale(datasetName: string, scale: RecordNotes): Pick<RecordNotes, 'mean' | 'std'> {
  const known = findKnown(datasetName);
  return known?.bpp !== undefined && String(known.mean) === String(scale.mean) ? known.bpp : scale;
}

/** All images of the record. BPP's PNG caches of the whole data set are left out: nothing reads them. */
async function recordedPoison(
  session: Session,
  images: ImageSet,
  test: ImageSet,
  run: RunOptions,
): Promise<RecordedPoison> {
  run.onProgress?.({kind: 'stage', message: 'poisoning the images of the record'});
  await session.setImages('cleanTest', test);
  const train = await session.poisonImages('train', run);
  return {
    train: {count: images.count},
    poisonedTrain: asImageSet(train, images),
    poisonedCount: train.cross.filter((cross) => cross === 0).length,
    poisonedTest: asImageSet(await session.poisonImages('poisonedTest', run), test),
    crossTest: asImageSet(await session.poisonImages('crossTest', run), test),
    testCount: test.count,
  };
}

function asImageSet({images, labels, positions}: NativePoisonedImages, source: ImageSet): ImageSet {
  return {
    // Slices of a Buffer share memory; slices of a typed array are copies.
    images: new Uint8Array(images.buffer, images.byteOffset, images.byteLength),
    labels,
    trueLabels: positions.map((position) => source.trueLabels[position] ?? 0),
    originalIndices: positions.map((position) => source.originalIndices[position] ?? 0),
    count: positions.length,
    height: source.height,
    width: source.width,
  };
}
