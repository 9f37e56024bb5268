import {basename} from 'node:path';
import {checkLabelMode, type LabelMode} from '../attacks/poison.js';
import {SauError} from '../base/errors.js';
import type {Dataset} from '../datasets/dataset.js';
import {openDataset} from '../datasets/open_dataset.js';
import {named} from '../options/named.js';
import type {AttackConfig} from '../options/types.js';
import type {RecordNotes} from '../records/record_notes.js';
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
  const {path, numClasses} = dataset;
  const scale = await normalization(config, null, {name: datasetName, path, numClasses});
  const mode = labelModeOf(config);
  checkLabelMode(mode, numClasses);
  return {config, dataset, datasetName, scale, mode, started};
}

async function openAttackDataset(config: AttackConfig): Promise<Dataset> {
  if (config.data === null) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected ${named('data')} with the folder of the data set to poison but received nothing. Give CIFAR-10 or a folder with train/ and test/ class folders`,
    );
  }
  const size =
    config.imageSize === null ? undefined : {height: config.imageSize, width: config.imageSize};
  return openDataset({path: config.data, dataset: config.dataset, size});
}

function labelModeOf({labelMode, targetLabel}: AttackConfig): LabelMode {
  return labelMode === 'all2all' ? {kind: labelMode, shift: 1} : {kind: labelMode, targetLabel};
}
