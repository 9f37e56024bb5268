import {dirname, join} from 'node:path';
import {SauError} from './base/errors.js';
import {removeTemporariesOf, writeWholeFile} from './base/whole_file.js';
import type {ImageSet} from './datasets/image_set.js';
import {requireLibTorch} from './native/binding.js';
import {versions} from './native/versions.js';
import {STATISTIC_NAMES} from './options/commands/scan.js';
import {parseScanConfig} from './options/config.js';
import type {ScanOptions} from './options/documented.js';
import {named} from './options/named.js';
import type {ScanConfig} from './options/types.js';
import {RUN, SCAN_FILES, scanFolder} from './records/layout.js';
import {sha256OfFile} from './records/run.js';
import type {ScanStatistic, ScanSummary, StatisticName} from './records/scan_summary.js';
import {SCHEMA_VERSION} from './records/schema_version.js';
import {withOutput} from './report/output_folder.js';
import {reportAlong} from './report.js';
import {Beginning} from './run/beginning.js';
import type {RunOptions} from './run/progress.js';
import {type Run, startRun} from './run/run.js';
import {judge, scaleOf, thresholdOf} from './scan/judge.js';
import {STATISTICS} from './scan/statistics.js';
import {type TriggerPicture, writeTriggers} from './scan/trigger_pictures.js';
import {scanVerdict} from './scan/verdict.js';
import {createSession} from './session/open_session.js';
import type {Session} from './session/session.js';
import {loadCleanSubset} from './target/clean_images.js';
import {openTarget, type Target} from './target/target.js';

/** What {@link scan} found, and where it is written. */
export interface ScanResult extends ScanSummary {
  /** The folder with `scan.json` and the pictures. */
  readonly folder: string;
  /** The file of the report, where one was asked for. */
  readonly report?: string;
}

/** Fewer say nothing: of each of the five classes that are needed, a few for either half. */
const FEWEST_IMAGES = 20;

const DEFAULT_STATISTICS: readonly StatisticName[] = ['latent', 'mmbd', 'nc'];

/**
 * Looks for a backdoor in a model: whether a class is far easier to reach than the others. Writes
 * `scan.json` and the triggers that it has reconstructed. That it finds nothing never means that the model is clean.
 * Throws as {@link defend} does.
 * @example
 * ```ts
 * const {verdict, statistics} = await scan({ckpt: 'model.pt', clean: 'clean_images', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]});
 * console.log(verdict.state, verdict.labels, verdict.words);
 * ```
 */
export function scan(options: ScanOptions, run: RunOptions = {}): Run<ScanResult> {
  return startRun(run, (told) => scanModel(options, told));
}

async function scanModel(options: ScanOptions, run: RunOptions): Promise<ScanResult> {
  const started = new Beginning();
  const config = parseScanConfig(options);
  await requireLibTorch();
  run.onProgress?.({kind: 'stage', message: 'reading the checkpoint and the images'});
  const target = await openTarget({...config, testLimit: null}, run);
  const images = config.dataFree ? null : await imagesOf(config, target, run);
  const result = await withOutput(
    config.out ?? scanFolder(dirname(target.checkpoint.path)),
    {
      force: config.force,
      reserveBytes: 3 * target.numClasses * target.size.height * target.size.width + 1e6,
      results: [SCAN_FILES.summary],
      replaces: [...Object.values(SCAN_FILES), RUN.report],
      inputs: [target.checkpoint.path],
    },
    (folder) => scanInto(folder, {config, target, images, started}, run),
  );
  return {...result, ...(await reportAlong(result.folder, config, run))};
}

/** Throws ERR_DATASET for too few. */
async function imagesOf(config: ScanConfig, target: Target, run: RunOptions): Promise<ImageSet> {
  const images = await loadCleanSubset(config, 'random', target, run);
  if (images.count >= FEWEST_IMAGES) return images;
  throw new SauError(
    'ERR_DATASET',
    `Expected at least ${FEWEST_IMAGES} clean images for ${named('clean')} but received ${images.count}.`,
    {
      remedy: `Give a few hundred, or set ${named('dataFree')} to use none.`,
      details: {count: images.count},
    },
  );
}

interface Prepared {
  readonly config: ScanConfig;
  readonly target: Target;
  /** null where none are used. */
  readonly images: ImageSet | null;
  readonly started: Beginning;
}

async function scanInto(
  folder: string,
  {config, target, images, started}: Prepared,
  run: RunOptions,
): Promise<ScanResult> {
  run.onProgress?.({kind: 'stage', message: 'preparing the device'});
  using session = await createSession({...config, ...target});
  await session.loadStateDict(target.weights.take());
  if (images !== null) await session.setImages('cleanSubset', images);
  const chosen = chosenStatistics(config);
  const statistics: ScanStatistic[] = [];
  const pictures: TriggerPicture[] = [];
  for (const name of chosen) {
    run.onProgress?.({kind: 'stage', message: STATISTICS[name].stage});
    statistics.push(await computed(session, name, {config, target}, pictures, run));
  }
  const verdict = scanVerdict(statistics);
  run.onProgress?.({kind: 'stage', message: 'writing the result'});
  const drawn = await writeTriggers(folder, pictures, statistics);
  const {device, precision} = session;
  const summary = {
    ...(await factsOf({config, target, images, started})),
    ...{device, precision, verdict, statistics},
    passes: totalOf(statistics),
    seconds: started.seconds,
    files: {summary: SCAN_FILES.summary, ...drawn},
  };
  const path = join(folder, SCAN_FILES.summary);
  await removeTemporariesOf(folder, [SCAN_FILES.summary]); // of a killed scan
  await writeWholeFile(path, `${JSON.stringify(summary, null, 2)}\n`);
  return {...summary, folder};
}

/** In the order of {@link STATISTIC_NAMES}. */
function chosenStatistics({statistics, dataFree}: ScanConfig): readonly StatisticName[] {
  const chosen = statistics ?? (dataFree ? ['mmbd'] : DEFAULT_STATISTICS);
  return STATISTIC_NAMES.filter((name) => chosen.includes(name));
}

async function computed(
  session: Session,
  name: StatisticName,
  {config, target}: Pick<Prepared, 'config' | 'target'>,
  pictures: TriggerPicture[],
  run: RunOptions,
): Promise<ScanStatistic> {
  const begun = performance.now();
  const {classTitles, datasetName, size} = target;
  const options = STATISTICS[name].nativeOptions(config, {...size, datasetName});
  const findings = await session.scan(options, run);
  for (const picture of findings.pictures) pictures.push({...picture, label: Number(picture.name)});
  const seconds = (performance.now() - begun) / 1000;
  const rule = {threshold: thresholdOf(name, config), scale: scaleOf(name, config)};
  return judge({name, findings, ...rule, classTitles, seconds});
}

/** What the summary says of the model and the images. */
async function factsOf({config, target, images, started}: Prepared) {
  const {checkpoint, model, numClasses, dataset, datasetName, classTitles, size} = target;
  const {mean, std} = target;
  const imageSize = [size.height, size.width] as const;
  return {
    schemaVersion: SCHEMA_VERSION as typeof SCHEMA_VERSION,
    kind: 'scan' as const,
    started: started.date.toISOString(),
    versions: await versions(),
    seed: config.seed,
    checkpoint: {path: checkpoint.path, sha256: await sha256OfFile(checkpoint.path)},
    ...{model, numClasses},
    dataset: {
      ...{name: datasetName, path: dataset?.path ?? null, format: dataset?.format ?? null},
      ...{classTitles, imageSize, mean, std},
    },
    cleanSubset: images === null ? null : {count: images.count, chosen: config.clean, sha256: null},
    options: {...config, ...target.transformOptions, mean, std},
  };
}

function totalOf(statistics: readonly ScanStatistic[]): ScanSummary['passes'] {
  const sum = (of: 'forward' | 'backward'): number =>
    statistics.reduce((total, {passes}) => total + passes[of], 0);
  return {forward: sum('forward'), backward: sum('backward')};
}
