import {join} from 'node:path';

// Names of files and folders of records and runs (specification B1.10, C.3, C.4). No other module has them.

/** In the record folder of an attack. */
export const RECORD = {
  result: 'attack_result.pt',
  /** The options of the attack. */
  info: 'info.pickle',
  /** Which training images are poisoned. */
  poisonIndex: 'train_poison_index_list.pickle',
  /** Only while the training is not complete. */
  checkpoint: 'attack_epoch_latest.pt',
  csv: 'attack_df.csv',
  trainImages: 'bd_train_dataset',
  testImages: 'bd_test_dataset',
  /** Test images with a disturbance that is no trigger. */
  crossImages: 'cross_test_dataset',
  triggerPicture: 'trojannn_trigger.png',
  preview: 'preview.png',
  /** What BackdoorBench's format has no place for; written by our own attacks alone. */
  notes: 'sau_native.json',
} as const;

/** The value of `content` in info.pickle if nothing was trained. */
export const POISONED_SET = 'a poisoned data set without a model';

/** In the folder of a defense. */
export const DEFENSE = {
  result: 'defense_result.pt',
  /** The weights once more where they came from such a file. */
  safetensors: 'defense_result.safetensors',
  /** The purified model as a program, where that was asked for. */
  program: 'defense_result.pt2',
  /** The clean images used. */
  cleanIndex: 'clean_index.txt',
  /** Options and figures as they were written before there was a summary; derived from it. */
  config: 'config.json',
} as const;

/** In the folder of a defense, only while it is not complete. */
export const DEFENSE_STATE = 'defense_state.pt';

/** In the folder of any run. */
export const RUN = {
  summary: 'run.json',
  /** One report a line, as they come. */
  rounds: 'rounds.jsonl',
  curves: 'curves.svg',
  /** What a report shows besides the summary; computed where one is asked for. */
  evidence: 'evidence.json',
  report: 'report.html',
} as const;

/** In the folder of a comparison. */
export const COMPARISON = {
  /** Its runs, their options, and which of them failed. */
  summary: 'compare.json',
  /** A row for each method. */
  methods: 'compare.csv',
  /** A row for each run. */
  runs: 'compare_runs.csv',
  report: RUN.report,
} as const;

/** In the folder of a sweep. */
export const SWEEP_FILES = {
  /** Its plan and its steps. */
  summary: 'sweep.json',
  /** A file for each step whose last try failed. */
  failures: 'failures',
  /** A lock for each step that a process works on. */
  locks: 'locks',
  report: RUN.report,
} as const;

/** Why a step of a sweep has no result. */
export function sweepFailure(sweep: string, id: string): string {
  return join(sweep, SWEEP_FILES.failures, `${id}.json`);
}

/** Held while a process works on a step of a sweep. */
export function sweepLock(sweep: string, id: string): string {
  return join(sweep, SWEEP_FILES.locks, `${id}.lock`);
}

/** In the folder of a scan. */
export const SCAN_FILES = {
  summary: 'scan.json',
  /** The reconstructed triggers of all classes, row by row in a square. */
  triggers: 'triggers.png',
} as const;

/** The reconstructed trigger of a class that stands out, in the folder of a scan. */
export function triggerPicture(label: number): string {
  return `trigger_${label}.png`;
}

/** Where a scan of a checkpoint goes. */
export function scanFolder(folder: string): string {
  return join(folder, 'scan');
}

/** Where a sweep of a plan of that name goes. */
export function sweepFolder(name: string): string {
  return join('sweeps', name);
}

/** Where a comparison of a record's model goes. */
export function comparisonFolder(record: string): string {
  return join(record, 'compare');
}

/** The folder of one run in that of a comparison. */
export function comparedRun(comparison: string, method: string, seed: number): string {
  return join(comparison, method, `seed_${seed}`);
}

/** The table of a defense's rounds. */
export function defenseCsv(method: string): string {
  return `${method}_df.csv`;
}

/** Tables of a defense besides its rounds, by their names, under the official tool's names (defenses E2 to E12). */
export const TABLES = {
  /** Of u, how many standard deviations a channel may be off. */
  steps: 'u_step_df.csv',
  /** Of thresholds of masks. */
  thresholds: 'threshold_df.csv',
  /** Of numbers of pruned features. */
  pruning: 'prune_log.csv',
  /** The masks that were learned, from the lowest. */
  masks: 'mask_values.txt',
  /** What the channels were judged by. */
  scores: 'channel_scores.csv',
  /** Rounds of parts that come before. */
  learning: 'anp_learning_df.csv',
  unlearning: 'rnp_unlearning_df.csv',
  recovering: 'rnp_recovering_df.csv',
  teacher: 'nad_te_df.csv',
  warmup: 'npd_warmup_df.csv',
  /** What a trigger of each class came to, and how far off the smallest is. */
  triggers: 'trigger_norms.csv',
  outliers: 'trigger_outliers.csv',
} as const;

/** Pictures of a defense, by their names: of all classes, row by row in a square. */
export const PICTURES = {
  masks: 'trigger_masks.png',
  patterns: 'trigger_patterns.png',
  triggers: 'triggers.png',
} as const;

export type PictureName = keyof typeof PICTURES;

export type TableName = keyof typeof TABLES;

/** Files whose presence means that a run of `attack` or `defend` was completed. */
export const RESULTS: readonly string[] = [DEFENSE.result, RECORD.result];

/** Every file that a defense with such tables and pictures writes. */
export function defenseFiles(
  method: string,
  tables: readonly TableName[] = [],
  pictures: readonly PictureName[] = [],
): readonly string[] {
  const names = [
    ...tables.map((table) => TABLES[table]),
    ...pictures.map((picture) => PICTURES[picture]),
  ];
  return [...Object.values(DEFENSE), ...Object.values(RUN), defenseCsv(method), ...names];
}

/** Folders of a record that hold images. */
export const IMAGE_FOLDERS: readonly string[] = [
  RECORD.trainImages,
  RECORD.testImages,
  RECORD.crossImages,
];

/** Where a defense of a record's model goes. */
export function defenseFolder(record: string, method: string): string {
  return join(record, 'defense', method);
}

/** The record that a defense in this folder is of, where {@link defenseFolder} chose the folder. */
export function recordAbove(defense: string): string {
  return join(defense, '..', '..');
}
