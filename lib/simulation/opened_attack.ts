import {basename} from 'node:path';
import {checkLabelMode, type LabelMode} from '../attacks/poison.js';
import {SauError} from '../base/errors.js';
import type {Dataset} from '../datasets/dataset.js';
import {ImageMemory} from '../datasets/image_memory.js';
import {openDataset} from '../datasets/open_dataset.js';
import {named} from '../options/named.js';
import type {AttackConfig} from '../options/types.js';
import type {RecordNotes} from '../records/record_notes.js';
import {askedSize} from '../target/picture_options.js';
import {normalization} from '../target/target.js';

/** An attack whose options are checked and whose data set is open. */
export interface OpenedAttack {
  readonly config: AttackConfig;
  readonly dataset: Dataset;
  readonly datasetName: string;
  readonly scale: RecordNotes;
  readonly mode: LabelMode;
  /** When the call began. */
  readonly started: Date;
}

/** Throws ERR_DATASET, and ERR_CONFIG for options that do not fit the data set. */
export async function openAttack(config: AttackConfig): Promise<OpenedAttack> {
  const started = new Date();
  const dataset = await openAttackDataset(config);
  const datasetName = dataset.name ?? basename(dataset.path);
  const scale = await normalization(config, null, datasetName, dataset.numClasses);
  const mode = labelModeOf(config);
  checkLabelMode(mode, dataset.numClasses);
  return {config, dataset, datasetName, scale, mode, started};
}

async function openAttackDataset(config: AttackConfig): Promise<Dataset> {
  if (config.data === null) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected ${named('data')} with the folder of the data set to poison but received nothing. Give CIFAR-10 or a folder with train/ and test/ class folders`,
    );
  }
  const {resize, crop, interpolation} = config;
  return openDataset({
    path: config.data,
    dataset: config.dataset,
    size: askedSize(config),
    transform: {resize, crop, interpolation},
    memory: new ImageMemory(config.dataMemory ?? undefined),
  });
}

function labelModeOf({labelMode, targetLabel}: AttackConfig): LabelMode {
  return labelMode === 'all2all' ? {kind: labelMode, shift: 1} : {kind: labelMode, targetLabel};
}
