import {readFile} from 'node:fs/promises';
import {dirname} from 'node:path';
import {loadCleanSubset} from './clean_images.js';
import {type DefendConfig, type DefendOptions, parseDefendConfig, resolveRounds} from './config.js';
import {messageOf, SauError} from './errors.js';
import {defenseEffectivenessRating, type Metrics} from './metrics.js';
import {requireLibTorch} from './native/binding.js';
import type {NativeDefendOptions} from './native/run_contract.js';
import type {RunOptions} from './progress.js';
import {removeDefense, takeBackDefense, writeDefenseResult} from './records/defense_result.js';
import {defenseFiles, defenseFolder} from './records/layout.js';
import {withOutput} from './report/output_folder.js';
import {RoundWriter} from './report/round_writer.js';
import type {DefendResult, OutputFiles, RoundReport} from './results.js';
import {type Run, startRun} from './run.js';
import {createSession} from './session/open_session.js';
import type {Session} from './session/session.js';
import {openTarget, type Target} from './target.js';
import {loadTestSets, measureCheckpoint, setTestSets} from './test_sets.js';

/** The one defense that there is. */
const METHOD = 'sau';

export interface DefendRunOptions extends RunOptions {
  /** An abort after the first round has ended writes what there is and resolves, instead of rejecting. */
  readonly saveOnAbort?: boolean;
}

/**
 * Purifies a backdoored checkpoint with Shared Adversarial Unlearning and writes `defense_result.pt`, the
 * rounds, the clean indices, the configuration and the curves (specification B1). Throws ERR_CONFIG,
 * ERR_CHECKPOINT, ERR_UNSAFE_PICKLE, ERR_DATASET, ERR_OUTPUT, ERR_DEVICE, ERR_DIVERGED, ERR_LIBTORCH_*;
 * rejects with `signal.reason` when aborted.
 * @example
 * ```ts
 * const result = await defend({ckpt: 'record/badnet_demo', clean: '5pct', data: 'data/cifar10', rounds: 20});
 * console.log(`ASR ${result.before.asr} -> ${result.after.asr}, ACC ${result.before.acc} -> ${result.after.acc}`);
 * ```
 */
export function defend(options: DefendOptions, run: DefendRunOptions = {}): Run<DefendResult> {
  return startRun(run, (told) => purify(options, told));
}

async function purify(options: DefendOptions, run: DefendRunOptions): Promise<DefendResult> {
  const started = new Date();
  const start = performance.now();
  const config = parseDefendConfig(options);
  await requireLibTorch();
  run.onProgress?.({kind: 'stage', message: 'reading the checkpoint and the images'});
  const target = await openTarget(config, (message) => run.onProgress?.({kind: 'note', message}));
  const result = await withOutput(
    config.out ?? defenseFolder(dirname(target.checkpoint.path), METHOD),
    {
      force: config.force,
      reserveBytes: 2 * bytesOf(target.checkpoint.stateDict),
      replaces: defenseFiles(METHOD),
      inputs: [
        target.checkpoint.path,
        config.clean,
        ...(config.batchOrder === null ? [] : [config.batchOrder]),
      ],
    },
    (out) => defendInto(out, {config, target, started}, run),
  );
  return {...result, seconds: (performance.now() - start) / 1000};
}

/** From the images to the files. */
async function defendInto(
  out: string,
  {config, target, started}: {config: DefendConfig; target: Target; started: Date},
  run: DefendRunOptions,
): Promise<Omit<DefendResult, 'seconds'>> {
  const stage = (message: string): void => run.onProgress?.({kind: 'stage', message});
  const cleanSubset = await loadCleanSubset(config, target, run);
  const testSets = await loadTestSets(target, config.testLimit, run);

  stage('preparing the device');
  const {execution, chunkSize, cacheMib} = config;
  const tuning = {execution, chunkSize, cacheMib};
  using session = await createSession({...config, ...target, tuning});
  const renamed = await session.loadStateDict(target.checkpoint.stateDict);
  if (renamed.length > 0) {
    run.onProgress?.({kind: 'note', message: `${renamed.length} weights were matched by position`});
  }
  await session.setImages('cleanSubset', cleanSubset);
  await setTestSets(session, testSets);

  if (config.precision === 'auto') {
    run.onProgress?.({kind: 'note', message: `precision: ${session.precision}`});
  }

  stage('measuring the backdoored model');
  const {path} = target.checkpoint;
  const before = await measureCheckpoint(session, path, config.evalBatchSize, run);
  run.onProgress?.({kind: 'before', metrics: before});

  stage('unlearning');
  const rounds = resolveRounds(config, target.datasetName);
  const unlearnOptions = await nativeOptions(config, rounds, cleanSubset.count);
  run.signal?.throwIfAborted();
  const rows = new RoundRows(out);
  try {
    const reports = await unlearn(session, unlearnOptions, run, rows);
    stage('writing the result');
    const after = await measureAfter(session, {config, rounds, reports, before}, run);
    const {device, precision} = session;
    const files = await writeDefenseResult(out, {
      ...{method: METHOD, started},
      config: {...config, rounds, device, precision},
      target,
      cleanSubset,
      stateDict: await session.exportStateDict(),
      ...{reports, before, after},
    });
    return {
      ...{before, after, device, rounds: reports, completedRounds: reports.length},
      der: defenseEffectivenessRating(before, after),
      files: {...files, ...rows.files},
    };
  } catch (error) {
    if (rows.isBegun) await takeBackDefense(out, METHOD);
    throw error;
  }
}

/** The rows of the rounds. Until the first round has ended, what an earlier defense has left stays as it was. */
class RoundRows {
  readonly #out: string;
  #writer: Promise<RoundWriter> | undefined;
  #files: OutputFiles = {};

  constructor(out: string) {
    this.#out = out;
  }

  get isBegun(): boolean {
    return this.#writer !== undefined;
  }

  /** Of the rows, once they are closed. */
  get files(): OutputFiles {
    return this.#files;
  }

  /** Queues one round; never waits and never throws: a failure to write appears in `close`. */
  append(report: RoundReport): void {
    this.#writer = (this.#writer ?? this.#begin()).then((writer) => {
      writer.append(report);
      return writer;
    });
    this.#writer.catch(() => undefined); // `close` throws it
  }

  /** Waits until every round is on the disk. Throws ERR_OUTPUT if one could not be written. */
  async close(): Promise<void> {
    const writer = await this.#writer;
    if (writer === undefined) return;
    this.#files = {csv: writer.csv, jsonl: writer.jsonl};
    await writer.close();
  }

  async #begin(): Promise<RoundWriter> {
    await removeDefense(this.#out, METHOD);
    return RoundWriter.open(this.#out, 'defense');
  }
}

/** Of the last round where it was measured, else now. */
async function measureAfter(
  session: Session,
  done: {config: DefendConfig; rounds: number; reports: readonly RoundReport[]; before: Metrics},
  run: DefendRunOptions,
): Promise<Metrics> {
  const {config, rounds, reports, before} = done;
  const measured = reports.length === rounds ? (reports.at(-1)?.metrics ?? null) : null;
  if (measured !== null) return measured;
  // An interrupted run is not measured again: that takes longer than the user wants to wait.
  const interrupted = run.saveOnAbort === true && run.signal?.aborted === true;
  return interrupted ? unmeasured(before) : session.evaluate('trainee', config.evalBatchSize, run);
}

/** The weights of an interrupted round are nobody's: not those before it, nor those after the last whole one. */
function unmeasured({cleanCount, poisonedCount}: Metrics): Metrics {
  const nothing = {acc: null, asr: null, ra: null};
  const losses = {cleanLoss: null, poisonedLoss: null, raLoss: null};
  return {...nothing, ...losses, cleanCount, poisonedCount};
}

/** All rounds; with saveOnAbort those that were finished, where there are any. */
async function unlearn(
  session: Session,
  options: NativeDefendOptions,
  run: DefendRunOptions,
  rows: RoundRows,
): Promise<readonly RoundReport[]> {
  const reports: RoundReport[] = [];
  try {
    await session.defend(options, {
      ...run,
      onProgress: (progress) => {
        if (progress.kind === 'round') {
          reports.push(progress.report);
          rows.append(progress.report);
        }
        run.onProgress?.(progress);
      },
    });
  } catch (error) {
    const saves = run.saveOnAbort === true && run.signal?.aborted === true && reports.length > 0;
    if (!saves) throw error;
  } finally {
    await rows.close();
  }
  return reports;
}

async function nativeOptions(
  config: DefendConfig,
  rounds: number,
  count: number,
): Promise<NativeDefendOptions> {
  const {norm, normBound, stepSize, steps, init, beta1, beta2} = config;
  const {lambda1, lambda2, lambda3, trainMode} = config;
  const {optimizer, learningRate, weightDecay, momentum, adamBetas} = config;
  const {evalEvery, evalBatchSize} = config;
  const sau = {
    batchSize: config.batchSize,
    outerSteps: config.outerSteps,
    pgd: {norm, normBound, stepSize, steps, init, beta1, beta2},
    loss: {lambda1, lambda2, lambda3, trainMode},
    optimizer: {
      optimizer,
      learningRate,
      weightDecay,
      momentum,
      nesterov: false,
      adamBeta1: adamBetas[0],
      adamBeta2: adamBetas[1],
    },
    batchOrder:
      config.batchOrder === null
        ? new Int32Array(0)
        : await readBatchOrder(config.batchOrder, rounds, count),
  };
  return {method: 'sau', rounds, evalEvery, evalBatchSize, options: sau};
}

/** A JSON array of rounds * count positions in the clean subset, round by round. */
async function readBatchOrder(path: string, rounds: number, count: number): Promise<Int32Array> {
  const expected = `a JSON array of ${rounds} x ${count} positions from 0 to ${count - 1} in ${path}`;
  const fail = (received: string, cause?: unknown): SauError =>
    new SauError('ERR_CONFIG', `Expected ${expected} for --batch-order but received ${received}.`, {
      cause,
      remedy: 'Make it for this number of rounds and clean images, or leave it out to shuffle.',
    });
  let order: unknown;
  try {
    order = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw fail(messageOf(cause), cause);
  }
  if (!Array.isArray(order) || order.length !== rounds * count) {
    throw fail(Array.isArray(order) ? `${order.length} positions` : typeof order);
  }
  const wrong = order.find((p) => !Number.isInteger(p) || p < 0 || p >= count);
  if (wrong !== undefined) throw fail(`the position ${JSON.stringify(wrong)}`);
  return Int32Array.from(order);
}

function bytesOf(state: ReadonlyMap<string, {readonly data: Uint8Array}>): number {
  return [...state.values()].reduce((sum, {data}) => sum + data.byteLength, 0);
}
