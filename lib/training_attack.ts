import type {OpenedAttack} from './attack_data.js';
import {removeRecord, writeAttackRecord} from './attack_record.js';
import {trainOptions} from './attack_training.js';
import type {TrainingAttackConfig} from './config.js';
import {DATASETS, isDatasetName} from './datasets/datasets.js';
import type {ImageSet} from './datasets/image_set.js';
import {firstImages} from './datasets/select_images.js';
import {assertNever, SauError} from './errors.js';
import type {NativePoisonedImages, NativeTrainingAttack} from './native/attack_contract.js';
import type {RunOptions} from './progress.js';
import {prepareOutput} from './report/output_folder.js';
import {RoundWriter} from './report/round_writer.js';
import type {AttackResult, RoundReport} from './results.js';
import {createSession, type Session, type TrainOptions} from './session.js';
import type {RecordNotes} from './target.js';

/** BPP's own constants for CIFAR-100 differ from those that the images are normalised with (B4.10). */
const BPP_CIFAR100 = {mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761]} as const;

export interface TrainingAttack extends OpenedAttack {
  readonly config: TrainingAttackConfig;
  /** When the attack began, of `performance.now()`. */
  readonly start: number;
}

/**
 * An attack that poisons each training batch: trains the victim on the clean set under it, then makes the
 * images of the record (specification B4.8 to B4.10, C.3). Of Input-aware's epochs those that train the
 * masks alone are told and not reported. Throws as `attack` does.
 */
export async function trainingAttack(
  attack: TrainingAttack,
  run: RunOptions,
): Promise<AttackResult> {
  const {config, dataset, scale, start} = attack;
  const train = {...trainOptions(config, attack.datasetName), dropLast: false};
  checkOptions(config, train);
  const {signal} = run;
  const stage = (message: string): void => run.onProgress?.({kind: 'stage', message});
  const images = await dataset.loadTrain(undefined, {signal});
  const test = await dataset.loadTest(undefined, {signal});
  const record = await prepareOutput(config.out, {
    force: config.force,
    reserveBytes: (images.images.byteLength + test.images.byteLength) / 2 + 100e6,
  });

  stage('training the victim');
  using session = await createSession({
    ...config,
    ...scale,
    numClasses: dataset.numClasses,
    purpose: 'training',
  });
  await session.initialize();
  await session.setImages('train', images);
  await session.setImages('cleanTest', await firstImages(test, config.testLimit ?? test.count));
  await removeRecord(record);
  try {
    const writer = await RoundWriter.open(record, 'trainingAttack');
    const reports = await session
      .trainAttack(train, nativeAttack(attack), {
        ...run,
        onProgress: (progress) => {
          if (progress.kind !== 'round') run.onProgress?.(progress);
          else if (trainsVictim(progress.report)) {
            writer.append(progress.report);
            run.onProgress?.(progress);
          }
        },
      })
      .finally(() => writer.close());
    const epochs = reports.filter(trainsVictim);
    const metrics =
      epochs.at(-1)?.metrics ?? (await session.evaluate('trainee', config.evalBatchSize, run));

    stage('poisoning the images of the record');
    const {poison, poisonedCount} = await recordedPoison(session, images, test, run);
    stage('writing the record');
    const stateDict = await session.exportStateDict();
    const files = await writeAttackRecord(record, {...attack, poison, stateDict, epochs}, signal);
    return {
      record,
      metrics,
      epochs,
      poisonedTrainCount: poisonedCount,
      device: session.device,
      seconds: (performance.now() - start) / 1000,
      files: {...files, csv: writer.csv, jsonl: writer.jsonl},
    };
  } catch (error) {
    await removeRecord(record);
    throw error;
  }
}

function checkOptions(config: TrainingAttackConfig, {epochs}: TrainOptions): void {
  if (config.poisonCount !== null) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected --poison-rate for ${config.kind}, which poisons a share of each batch, but received a poison count of ${config.poisonCount}`,
      {details: {poisonCount: config.poisonCount}},
    );
  }
  if (config.kind === 'inputaware' && config.maskEpochs >= epochs) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected more than ${config.maskEpochs} --epochs, of which the first --mask-epochs train no victim, but received ${epochs}. Raise --epochs or lower --mask-epochs`,
      {details: {maskEpochs: config.maskEpochs, epochs}},
    );
  }
}

function trainsVictim({trainAcc}: RoundReport): boolean {
  return trainAcc !== null;
}

function nativeAttack({config, datasetName, scale, mode}: TrainingAttack): NativeTrainingAttack {
  const {poisonRate, targetLabel} = config;
  const labelMode = mode.kind === 'all2all' ? 'all2all' : 'all2one';
  const common = {poisonRate, targetLabel, labelMode} as const;
  switch (config.kind) {
    case 'wanet': {
      const {kind, gridSize, warpStrength, gridRescale, crossRatio, rotation} = config;
      return {...common, kind, gridSize, warpStrength, gridRescale, crossRatio, rotation};
    }
    case 'inputaware': {
      const {kind, maskEpochs, maskDensity, maskWeight, diversityWeight} = config;
      const {generatorLearningRate, generatorWidth, doubleTanh, clearGradients} = config;
      return {
        ...{...common, kind, maskEpochs, maskDensity, maskWeight, diversityWeight},
        ...{generatorLearningRate, generatorWidth, doubleTanh, clearGradients},
      };
    }
    case 'bpp': {
      const {kind, levels, dithering, negativeRatio, rotation} = config;
      const {mean, std} = bppScale(datasetName, scale);
      return {...common, kind, levels, dithering, negativeRatio, rotation, mean, std};
    }
    default:
      return assertNever(config);
  }
}

function bppScale(datasetName: string, scale: RecordNotes): Pick<RecordNotes, 'mean' | 'std'> {
  const usual =
    isDatasetName(datasetName) && String(DATASETS[datasetName].mean) === String(scale.mean);
  return datasetName === 'cifar100' && usual ? BPP_CIFAR100 : scale;
}

/** All images of the record. BPP's PNG caches of the whole data set are left out: nothing reads them. */
async function recordedPoison(session: Session, images: ImageSet, test: ImageSet, run: RunOptions) {
  await session.setImages('cleanTest', test);
  const train = await session.poisonImages('train', run);
  const poison = {
    train: {count: images.count},
    poisonedTrain: asImageSet(train, images),
    poisonedTest: asImageSet(await session.poisonImages('poisonedTest', run), test),
    crossTest: asImageSet(await session.poisonImages('crossTest', run), test),
    testCount: test.count,
  };
  return {poison, poisonedCount: train.cross.filter((cross) => cross === 0).length};
}

function asImageSet({images, labels, positions}: NativePoisonedImages, source: ImageSet): ImageSet {
  return {
    // A Buffer's slices share memory, an array's are copies.
    images: new Uint8Array(images.buffer, images.byteOffset, images.byteLength),
    labels,
    trueLabels: positions.map((position) => source.trueLabels[position] ?? 0),
    originalIndices: positions.map((position) => source.originalIndices[position] ?? 0),
    count: positions.length,
    height: source.height,
    width: source.width,
  };
}
