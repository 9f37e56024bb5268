import {dirname, join} from 'node:path';
import {loadCleanSubset} from './clean_images.js';
import {
  defenseCsv,
  defenseFiles,
  removeDefense,
  takeBackDefense,
  writeDefenseResult,
} from './defense_result.js';
import {defenseOf, defenseTable} from './defenses/defenses.js';
import {runDefense} from './defenses/native_job.js';
import {defenseEffectivenessRating, type Metrics} from './metrics.js';
import {parseDefendConfig, resolveRounds} from './options/config.js';
import type {DefendOptions} from './options/documented.js';
import {pathsOf} from './options/option.js';
import type {DefendConfig} from './options/types.js';
import type {RunOptions} from './progress.js';
import {withOutput} from './report/output_folder.js';
import {RoundWriter} from './report/round_writer.js';
import type {DefendResult, RoundReport} from './results.js';
import {type Run, startRun} from './run.js';
import {createSession} from './session/open_session.js';
import type {Session} from './session/session.js';
import {openTarget, type Target} from './target.js';
import {loadTestSets, setTestSets} from './test_sets.js';

export interface DefendRunOptions extends RunOptions {
  /** An abort after the first round began writes what there is and resolves, instead of rejecting. */
  readonly saveOnAbort?: boolean;
}

/**
 * Purifies a backdoored checkpoint, by default with Shared Adversarial Unlearning, and writes `defense_result.pt`, the
 * rounds, the clean indices, the configuration and the curves (specification B1). Throws ERR_CONFIG,
 * ERR_CHECKPOINT, ERR_UNSAFE_PICKLE, ERR_DATASET, ERR_OUTPUT, ERR_DEVICE, ERR_DIVERGED, ERR_LIBTORCH_*;
 * rejects with `signal.reason` when aborted.
 */
export function defend(options: DefendOptions, run: DefendRunOptions = {}): Run<DefendResult> {
  return startRun(run, (told) => purify(options, told));
}

async function purify(options: DefendOptions, run: DefendRunOptions): Promise<DefendResult> {
  const start = performance.now();
  const config = parseDefendConfig(options);
  run.onProgress?.({kind: 'stage', message: 'reading the checkpoint and the images'});
  const target = await openTarget(config, (message) => run.onProgress?.({kind: 'note', message}));
  const result = await withOutput(
    config.out ?? join(dirname(target.checkpoint.path), 'defense', config.method),
    {
      force: config.force,
      reserveBytes: 2 * bytesOf(target.checkpoint.stateDict),
      replaces: defenseFiles(config.method),
      inputs: [
        target.checkpoint.path,
        config.clean,
        ...pathsOf(defenseTable(config.method), config),
      ],
    },
    (out) => defendInto(out, config, target, run),
  );
  return {...result, seconds: (performance.now() - start) / 1000};
}

/** From the images to the files. */
async function defendInto(
  out: string,
  config: DefendConfig,
  target: Target,
  run: DefendRunOptions,
): Promise<Omit<DefendResult, 'seconds'>> {
  const stage = (message: string): void => run.onProgress?.({kind: 'stage', message});
  const cleanSubset = await loadCleanSubset(config, target, run);
  const testSets = await loadTestSets(target, config.testLimit, run);

  stage('preparing the device');
  const {execution, chunkSize, cacheMib} = config;
  const tuning = {execution, chunkSize, cacheMib};
  const entry = defenseOf(config.method);
  using session = await createSession({...config, ...target, tuning, purpose: entry.purpose});
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
  const before = await session.evaluate('trainee', config.evalBatchSize, run);
  run.onProgress?.({kind: 'before', metrics: before});

  stage(entry.stage);
  const {method, evalEvery, evalBatchSize} = config;
  const rounds = resolveRounds(config, target.datasetName);
  const facts = {rounds, cleanCount: cleanSubset.count, datasetName: target.datasetName};
  const options = await entry.nativeOptions(config, facts);
  const job = {method, rounds, evalEvery, evalBatchSize, options};
  run.signal?.throwIfAborted(); // from here on an abort may have something to save
  await removeDefense(out, method);
  try {
    const writer = await RoundWriter.open(out, defenseCsv(method), entry.columns);
    const follow = (told: RunOptions) => runDefense(session, job, cleanSubset, told);
    const reports = await allRounds(follow, run, writer);
    stage('writing the result');
    const after = await measureAfter(session, {config, rounds, reports, before}, run);
    const {device, precision} = session;
    const files = await writeDefenseResult(out, {
      config: {...config, rounds, device, precision},
      target,
      cleanSubset,
      stateDict: await session.exportStateDict(),
      ...{reports, before, after},
    });
    return {
      ...{before, after, device, rounds: reports, completedRounds: reports.length},
      der: defenseEffectivenessRating(before, after),
      files: {...files, csv: writer.csv, jsonl: writer.jsonl},
    };
  } catch (error) {
    await takeBackDefense(out, method);
    throw error;
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

/** Within an interrupted round the weights change: neither the measurement before it nor one after a whole round is theirs. */
function unmeasured({cleanCount, poisonedCount}: Metrics): Metrics {
  const nothing = {acc: null, asr: null, ra: null};
  const losses = {cleanLoss: null, poisonedLoss: null, raLoss: null};
  return {...nothing, ...losses, cleanCount, poisonedCount};
}

/** All rounds; with saveOnAbort those that were finished. */
async function allRounds(
  defense: (run: RunOptions) => Promise<unknown>,
  run: DefendRunOptions,
  writer: RoundWriter,
): Promise<readonly RoundReport[]> {
  const reports: RoundReport[] = [];
  try {
    await defense({
      ...run,
      onProgress: (progress) => {
        if (progress.kind === 'round') {
          reports.push(progress.report);
          writer.append(progress.report);
        }
        run.onProgress?.(progress);
      },
    });
  } catch (error) {
    if (run.saveOnAbort !== true || run.signal?.aborted !== true) throw error;
  } finally {
    await writer.close();
  }
  return reports;
}

function bytesOf(state: ReadonlyMap<string, {readonly data: Uint8Array}>): number {
  return [...state.values()].reduce((sum, {data}) => sum + data.byteLength, 0);
}
