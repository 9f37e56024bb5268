import {dirname, resolve} from 'node:path';
import {peakMemory} from './base/peak_memory.js';
import {DTYPE_BYTES, elementCount} from './checkpoint/tensor.js';
import type {ImageSet} from './datasets/image_set.js';
import {defenseOf, defenseTable, filesOf} from './defenses/defenses.js';
import type {DefenseEntry} from './defenses/entry.js';
import {loadCore, requireLibTorch, toSauError} from './native/binding.js';
import type {NativeDefendOptions} from './native/run_contract.js';
import {parseDefendConfig, resolveRounds} from './options/config.js';
import type {DefendOptions} from './options/documented.js';
import {pathsOf} from './options/option.js';
import type {DefendConfig} from './options/types.js';
import {replacedBy, takeBackDefense, writeDefenseResult} from './records/defense_result.js';
import {defenseFolder} from './records/layout.js';
import type {DescribedCheckpoint} from './records/read_checkpoint.js';
import {inTypesOf} from './records/source_form.js';
import {RoundRows} from './report/defense_rows.js';
import {withOutput} from './report/output_folder.js';
import {movedPaths, withReplacement} from './report/replacement.js';
import {reportAlong} from './report.js';
import {
  deadlineOf,
  forgetState,
  precisionOf,
  takingBack,
  tellHowToGoOn,
  tellPlace,
} from './resume/going_on.js';
import {keptRounds} from './resume/kept_rounds.js';
import {
  identityWith,
  openSitting,
  requireNoState,
  type Sitting,
  secondsSoFar,
} from './resume/sitting.js';
import {Beginning} from './run/beginning.js';
import {failedGates, requireMeasurable} from './run/gates.js';
import {defenseEffectivenessRating, type Metrics} from './run/metrics.js';
import type {RunOptions} from './run/progress.js';
import type {DefendResult, RoundReport} from './run/results.js';
import {type Run, startRun} from './run/run.js';
import {doubtAbout, purificationVerdict} from './run/verdict.js';
import {createSession} from './session/open_session.js';
import type {Session} from './session/session.js';
import {loadCleanSubset, subsetOf} from './target/clean_images.js';
import {loadPoisonedTrain} from './target/poisoned_train.js';
import {openTarget, type Target} from './target/target.js';
import {
  loadTestSets,
  measurable,
  measureCheckpoint,
  setTestSets,
  targetsOf,
} from './target/test_sets.js';
import {cleanParts} from './time/held_out.js';
import {planDefense} from './time/plan_defense.js';
import {secondsForRounds} from './time/time_left.js';

export interface DefendRunOptions extends RunOptions {
  /** An abort after the first round has ended writes what there is and resolves, instead of rejecting. */
  readonly saveOnAbort?: boolean;
}

/**
 * Purifies a backdoored checkpoint, by default with Shared Adversarial Unlearning, and writes `defense_result.pt`, the
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

const WAITING = 'the folder has the lock of a run on another machine: waiting for a sign of life';

async function purify(options: DefendOptions, run: DefendRunOptions): Promise<DefendResult> {
  const begun = new Beginning();
  const asked = parseDefendConfig(options);
  await requireLibTorch();
  run.onProgress?.({kind: 'stage', message: 'reading the checkpoint and the images'});
  const target = await openTarget(asked, run);
  await requireNetwork(asked, target);
  const folder = resolve(asked.out ?? defenseFolder(dirname(target.checkpoint.path), asked.method));
  if (!asked.resume && !asked.force) await requireNoState(folder);
  const {isCut, ...result} = await withOutput(
    folder,
    {
      force: asked.force,
      ...(asked.resume ? {results: []} : {}),
      signal: run.signal,
      onWait: () => run.onProgress?.({kind: 'note', message: WAITING}),
      reserveBytes: bytesOfResult(target.checkpoint, asked.saveEvery),
      replaces: filesOf(asked.method),
      inputs: [
        target.checkpoint.path,
        ...(asked.program === null ? [] : [asked.program]),
        asked.clean,
        ...pathsOf(defenseTable(asked.method), asked),
      ],
    },
    async (out) => {
      const sitting = await openSitting(out, {asked, target, begun});
      return takingBack(sitting, run, () =>
        withReplacement(
          out,
          () => replacedBy(out, asked.method),
          async (into) => {
            const {files, ...done} = await defendInto(into, {sitting, target}, run);
            return {...done, files: movedPaths(files, into, out)};
          },
        ),
      );
    },
  );
  const reported = await reportAlong(folder, asked, run);
  if (isCut) await tellHowToGoOn(folder, run);
  else await forgetState(folder, run);
  const files = {...result.files, ...reported};
  return {...result, files, seconds: begun.seconds};
}

/** The part of a run from reading the images to writing the files. */
async function defendInto(
  out: string,
  {sitting, target}: {sitting: Sitting; target: Target},
  run: DefendRunOptions,
): Promise<Omit<DefendResult, 'seconds'> & {readonly isCut: boolean}> {
  const stage = (message: string): void => run.onProgress?.({kind: 'stage', message});
  const {config: asked, saved} = sitting;
  const entry = defenseOf(asked.method);
  const trainImages = await trainImagesOf(entry, asked, target, run);
  const needsClean = entry.needsClean?.(asked) ?? true;
  const loaded = {
    config: asked,
    cleanSubset: needsClean ? await loadCleanSubset(asked, subsetOf(asked), target, run) : null,
    testSets: await loadTestSets(target, asked.testLimit, run),
  };
  requireMeasurable(asked, measurable(loaded.testSets));

  stage('preparing the device');
  const {execution, chunkSize, cacheMib} = asked;
  const tuning = {execution, chunkSize, cacheMib};
  const precision = precisionOf(sitting);
  using session = await createSession({
    ...{...asked, ...target, tuning, precision},
    purpose: entry.purpose,
  });
  const renamed = await session.loadStateDict(target.weights.take());
  if (renamed.length > 0) {
    run.onProgress?.({kind: 'note', message: `${renamed.length} weights were matched by position`});
  }
  if (asked.precision === 'auto') {
    run.onProgress?.({kind: 'note', message: `precision: ${session.precision}`});
  }
  const deadline = deadlineOf(sitting);
  const planned =
    saved === null ? await planDefense(loaded, {session, target, deadline}, run) : loaded;
  const {config, cleanSubset} = planned;
  const identity = await identityWith(sitting, cleanSubset);
  const {learned, heldOut} = await cleanParts(cleanSubset, config.patience);
  if (learned !== null) await session.setImages('cleanSubset', learned);
  if (heldOut !== null) await session.setImages('heldOut', heldOut);
  if (trainImages !== null) await session.setImages('train', trainImages);
  await setTestSets(session, planned.testSets);

  const {before, measuringSeconds} =
    saved === null ? await measureBefore(session, config, target, run) : saved.facts;
  run.onProgress?.({kind: 'before', metrics: before});
  const doubt = doubtAbout(before, target.numClasses);
  if (doubt !== null) run.onProgress?.({kind: 'note', message: doubt});

  stage(entry.stage);
  const {method, evalEvery, evalBatchSize} = config;
  const rounds = resolveRounds(config, target.datasetName);
  const {datasetName} = target;
  const options = await entry.nativeOptions(config, {
    ...{rounds, cleanCount: learned?.count ?? 0, datasetName},
  });
  // The options belong to the method, which TypeScript does not follow through the table.
  const seconds = secondsForRounds(deadline, {evalEvery, measuringSeconds});
  const {patience, saveEvery} = config;
  const limits = {patience, seconds, saveEvery};
  const job = {method, rounds, evalEvery, evalBatchSize, ...limits, options} as NativeDefendOptions;
  run.signal?.throwIfAborted();
  if (saved !== null) tellPlace(saved, rounds, run);
  const rows = new RoundRows(out, method, entry);
  const facts = {config: {...config}, identity, precision: session.precision};
  try {
    const {reports, methodSeconds, isCut} = await keptRounds(
      {
        defend: (told, keeping) => session.defend(job, told, keeping),
        requestState: () => session.requestState(),
      },
      {
        ...{sitting, rows, classTitles: target.classTitles},
        facts: {...facts, before, measuringSeconds},
        saveOnAbort: run.saveOnAbort ?? false,
      },
      run,
    );
    const cost = {methodSeconds, peakMemoryBytes: await peakMemory()};
    stage('writing the result');
    const trained = await session.exportStateDict();
    const source = {checkpoint: target.checkpoint, renamed};
    const stateDict = config.keepDtype ? await inTypesOf(source, trained) : trained;
    const isRounded = stateDict !== trained;
    if (isRounded) await session.loadStateDict(stateDict, 'trainee');
    const after = await measureAfter(session, {config, rounds, reports, before, isRounded}, run);
    const targets = targetsOf(planned.testSets);
    const verdict = purificationVerdict({before, after, numClasses: target.numClasses, targets});
    const {device, precision, passes, stopped} = session;
    const selection = entry.selection?.(config) ?? 'last';
    const files = await writeDefenseResult(out, {
      started: sitting.started,
      seconds: () => secondsSoFar(sitting),
      // Of a run in several sittings as of one in one.
      config: {...config, resume: false, rounds, device, precision},
      target,
      cleanSubset,
      ...{stateDict, renamed, reports, before, after, verdict},
      ...{selection, passes, stopped, cost},
      tables: rows.files.tables ?? {},
    });
    return {
      ...{before, after, device, rounds: reports, completedRounds: reports.length},
      ...{selection, passes, stopped},
      der: defenseEffectivenessRating(before, after),
      ...{verdict, failedGates: failedGates(config, before, after)},
      files: {...files, ...rows.files},
      isCut,
    };
  } catch (error) {
    if (rows.isBegun) await takeBackDefense(out, method);
    throw error;
  }
}

/** Throws ERR_CONFIG where the method cannot make its network of the checkpoint's. */
async function requireNetwork({method}: DefendConfig, {model, numClasses}: Target): Promise<void> {
  const {network} = defenseOf(method);
  if (network === undefined) return;
  const {core} = await loadCore();
  try {
    core.describeModel(network(model), numClasses);
  } catch (error) {
    throw toSauError(error);
  }
}

async function measureBefore(
  session: Session,
  {evalBatchSize}: DefendConfig,
  {checkpoint}: Target,
  run: RunOptions,
): Promise<{before: Metrics; measuringSeconds: number}> {
  run.onProgress?.({kind: 'stage', message: 'measuring the backdoored model'});
  const measuring = performance.now();
  const before = await measureCheckpoint(session, checkpoint.path, evalBatchSize, run);
  return {before, measuringSeconds: (performance.now() - measuring) / 1000};
}

/** The images of the record's training set that a method looks at; null where it looks at none. */
async function trainImagesOf(
  entry: DefenseEntry,
  config: DefendConfig,
  target: Target,
  run: RunOptions,
): Promise<ImageSet | null> {
  const count = entry.trainImages?.(config);
  if (count === undefined) return null;
  const {seed, method} = config;
  return loadPoisonedTrain(target, {count, seed, method}, run);
}

interface Done {
  readonly config: DefendConfig;
  readonly rounds: number;
  readonly reports: readonly RoundReport[];
  readonly before: Metrics;
  /** Whether the weights changed after the last round. */
  readonly isRounded: boolean;
}

/** The metrics of the last round if it was measured, else measured now. */
async function measureAfter(
  session: Session,
  {config, rounds, reports, before, isRounded}: Done,
  run: DefendRunOptions,
): Promise<Metrics> {
  const isLast = (reports.length === rounds || session.stopped !== null) && !isRounded;
  const measured = isLast ? (reports.at(-1)?.metrics ?? null) : null;
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

/** Copies of the weights in two states, one of which is being written: with those of Adam four in each. */
const COPIES_IN_STATES = 8;

/** Room for the weights in float32, with as much again for what else is written, and for the states. */
function bytesOfResult({stateDict, format}: DescribedCheckpoint, saveEvery: number): number {
  const elements = [...stateDict.values()].reduce((sum, {shape}) => sum + elementCount(shape), 0);
  const files = format === 'safetensors' ? 2 : 1;
  const states = saveEvery === 0 ? 0 : COPIES_IN_STATES;
  return (files + 1 + states) * DTYPE_BYTES.float32 * elements;
}
