import {rm, rmdir} from 'node:fs/promises';
import {join} from 'node:path';
import {attack} from './attack.js';
import type {ImageSet} from './datasets/image_set.js';
import {writeSyntheticImages} from './datasets/write_synthetic.js';
import {defend} from './defend.js';
import {SAU} from './defenses/sau.js';
import {requireLibTorch} from './native/binding.js';
import type {DEVICE, SEED} from './options/commands/common.js';
import {parseDemoConfig} from './options/config.js';
import {DEFEND_DEFAULTS} from './options/defaults.js';
import type {DemoOptions} from './options/documented.js';
import {nativeOf} from './options/native.js';
import {tableOf} from './options/option.js';
import type {DemoConfig} from './options/types.js';
import {readCheckpoint} from './records/read_checkpoint.js';
import {withOutput} from './report/output_folder.js';
import {pick, spread, writeStrip} from './report/strip.js';
import type {RunOptions} from './run/progress.js';
import type {AttackResult, DefendFiles, DefendResult} from './run/results.js';
import {type Run, startRun} from './run/run.js';
import {createSession} from './session/open_session.js';
import {openTarget, type Target} from './target/target.js';
import {loadTestSets} from './target/test_sets.js';

/** Paths of what {@link demo} wrote. */
export interface DemoFiles extends DefendFiles {
  /** The record folder of the attack. */
  readonly record: string;
  /** A picture of clean, poisoned and shared-adversarial images. */
  readonly strip: string;
}

/** What {@link demo} did. */
export interface DemoResult {
  /** The backdoor that was planted. */
  readonly attack: AttackResult;
  /** Its removal. */
  readonly defense: DefendResult;
  /** What the defense wrote, the record of the attack, and the strip of images. */
  readonly files: DemoFiles;
  /** Wall time of the whole run. */
  readonly seconds: number;
}

/** The demo's normalization: pixels in [-1,1]. */
const HALF = [0.5, 0.5, 0.5] as const;
/** Images in a row of the strip. */
const STRIP_IMAGES = 10;

/**
 * Makes a small synthetic 10-class image set, plants a BadNets backdoor in a narrow PreAct-ResNet18 and purifies
 * it. Writes the images, the record, the purified model, the curves and a strip of clean, poisoned and
 * shared-adversarial images to `out`. Throws as {@link defend} does.
 * @example
 * ```ts
 * for await (const progress of demo({out: 'sau_demo'})) {
 *   if (progress.kind === 'round') console.log(progress.report.metrics);
 * }
 * ```
 */
export function demo(options: DemoOptions = {}, run: RunOptions = {}): Run<DemoResult> {
  return startRun(run, (told) => plantAndPurify(options, told));
}

async function plantAndPurify(options: DemoOptions, run: RunOptions): Promise<DemoResult> {
  const start = performance.now();
  const config = parseDemoConfig(options);
  await requireLibTorch();
  const {force} = config;
  const output = {force, reserveBytes: 50e6, results: ['record']};
  const result = await withOutput(config.out, output, (out) => demoInto(out, config, run));
  return {...result, seconds: (performance.now() - start) / 1000};
}

async function demoInto(
  out: string,
  config: DemoConfig,
  run: RunOptions,
): Promise<Omit<DemoResult, 'seconds'>> {
  const shared = sharedOf(config);
  const data = await writeImages(out, config, run);
  const attackResult = await attack(
    {
      kind: 'badnet',
      data,
      imageSize: config.size,
      mean: HALF,
      std: HALF,
      out: join(out, 'record', 'badnet_demo'),
      model: `preactresnet18_w${config.width}`,
      epochs: config.epochs,
      learningRate: config.learningRate,
      poisonRate: config.poisonRate,
      batchSize: config.trainBatchSize,
      cropPadding: 0,
      evalEvery: config.epochs,
      force: true,
      ...shared,
    },
    run,
  );
  const defense = await defend(
    {
      ckpt: attackResult.record,
      clean: config.clean,
      rounds: config.rounds,
      batchSize: config.batchSize,
      learningRate: config.defenseLearningRate,
      force: true,
      ...shared,
    },
    run,
  );
  const strip = join(out, 'strip.png');
  await drawStrip(strip, attackResult.record, defense, config, run);
  return {
    attack: attackResult,
    defense,
    files: {...defense.files, record: attackResult.record, strip},
  };
}

/** What the demo's attack, its defense and the session that draws the strip have in common. */
function sharedOf(config: DemoConfig): Pick<DemoConfig, keyof typeof SEED | keyof typeof DEVICE> {
  const {seed, device, threads, precision, evalPrecision, deterministic} = config;
  return {seed, device, threads, precision, evalPrecision, deterministic};
}

/** Writes the image set as an ImageFolder of PNG files, like a user's own. */
async function writeImages(
  out: string,
  {trainPerClass, testPerClass, size, seed}: DemoConfig,
  run: RunOptions,
): Promise<string> {
  run.onProgress?.({kind: 'stage', message: 'drawing a synthetic image set'});
  const data = join(out, 'data');
  const folder = join(data, 'synthetic');
  try {
    await writeSyntheticImages(folder, {seed, trainPerClass, testPerClass, size}, run);
  } catch (error) {
    await rm(folder, {recursive: true, force: true, maxRetries: 5}).catch(() => undefined);
    await rmdir(data).catch(() => undefined); // stays if it holds anything else
    throw error;
  }
  return folder;
}

/** One row each of clean, poisoned and shared-adversarial test images. */
async function drawStrip(
  path: string,
  record: string,
  defense: DefendResult,
  config: DemoConfig,
  run: RunOptions,
): Promise<void> {
  run.onProgress?.({kind: 'stage', message: 'drawing the strip'});
  const target = await openTarget({...DEFEND_DEFAULTS.sau, ckpt: record, model: null}, {});
  const {cleanTest, poisonedTest} = await loadTestSets(target, null, run);
  if (cleanTest === null || poisonedTest === null) return;
  const chosen = spread(poisonedTest.count, STRIP_IMAGES);
  const indices = chosen.map((i) => poisonedTest.originalIndices[i] ?? 0);
  const clean = pick(cleanTest, indices);
  const adversarial = await sharedAdversarial(target, defense, cleanTest, indices, config, run);
  await writeStrip(path, {
    rows: [
      {label: 'clean', images: clean},
      {label: 'poisoned', images: pick(poisonedTest, chosen)},
      {label: 'shared adversarial', images: adversarial},
    ],
    size: config.size,
    scale: 3,
  });
}

/** The clean images with the perturbation that fools the backdoored and the purified model alike. */
async function sharedAdversarial(
  target: Target,
  defense: DefendResult,
  cleanTest: ImageSet,
  indices: Int32Array,
  config: DemoConfig,
  run: RunOptions,
): Promise<Uint8Array[]> {
  using session = await createSession({...sharedOf(config), ...target});
  await session.loadStateDict(target.weights.take());
  const purified = await readCheckpoint(defense.files.checkpoint);
  await session.loadStateDict(purified.stateDict, 'trainee');
  await session.setImages('cleanTest', cleanTest);
  const {pgd} = nativeOf(tableOf(SAU.options), DEFEND_DEFAULTS.sau);
  const delta = await session.perturb('cleanTest', indices, pgd, run);
  const bytes = 3 * cleanTest.height * cleanTest.width;
  return pick(cleanTest, indices).map((image, slot) =>
    image.map((pixel, i) =>
      Math.max(0, Math.min(255, pixel + 255 * (delta[slot * bytes + i] ?? 0))),
    ),
  );
}
