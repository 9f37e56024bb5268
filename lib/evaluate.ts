import {requireLibTorch} from './native/binding.js';
import {parseEvaluateConfig} from './options/config.js';
import type {EvaluateOptions} from './options/documented.js';
import {readWeights} from './programs/read_weights.js';
import {readCheckpoint} from './records/read_checkpoint.js';
import {failedGates, requireMeasurable} from './run/gates.js';
import {defenseEffectivenessRating} from './run/metrics.js';
import type {RunOptions} from './run/progress.js';
import type {EvaluateResult} from './run/results.js';
import {type Run, startRun} from './run/run.js';
import {purificationVerdict} from './run/verdict.js';
import {createSession} from './session/open_session.js';
import {openTarget} from './target/target.js';
import {
  loadTestSets,
  measurable,
  measureCheckpoint,
  requireTestSets,
  setTestSets,
  targetsOf,
} from './target/test_sets.js';

/**
 * Measures ACC, ASR, RA and the losses of a checkpoint. With a second checkpoint, the model before the defense,
 * also DER (specification B2). Throws as {@link defend} does.
 * @example
 * ```ts
 * const {metrics, der} = await evaluate({ckpt: 'defense_result.pt', against: 'record/badnet_demo'});
 * console.log(metrics.acc, metrics.asr, metrics.ra, der);
 * ```
 */
export function evaluate(options: EvaluateOptions, run: RunOptions = {}): Run<EvaluateResult> {
  return startRun(run, (told) => measure(options, told));
}

async function measure(options: EvaluateOptions, run: RunOptions): Promise<EvaluateResult> {
  const start = performance.now();
  const config = parseEvaluateConfig(options);
  const stage = (message: string): void => run.onProgress?.({kind: 'stage', message});

  await requireLibTorch();
  stage('reading the checkpoint and the images');
  // Beside a program the model before the defense may be a program, too.
  const read = config.program === null ? readCheckpoint : readWeights;
  const against = config.against === null ? null : await read(config.against);
  const poisoned = config.poisoned ?? (against?.record ? config.against : null);
  const target = await openTarget({...config, poisoned}, run);
  const testSets = await loadTestSets(target, config.testLimit, run);
  requireTestSets(testSets, target);
  requireMeasurable(config, measurable(testSets));
  using session = await createSession({...config, ...target, seed: 0});
  await setTestSets(session, testSets);

  stage(`measuring ${target.checkpoint.path}`);
  await session.loadStateDict(target.weights.take());
  const {path} = target.checkpoint;
  const metrics = await measureCheckpoint(session, path, config.batchSize, run);
  let before = null;
  if (against !== null) {
    stage(`measuring ${against.path}`);
    await session.loadStateDict(against.stateDict);
    before = await measureCheckpoint(session, against.path, config.batchSize, run);
  }
  const {numClasses} = target;
  const targets = targetsOf(testSets);
  return {
    checkpoint: target.checkpoint.path,
    model: target.model,
    metrics,
    before,
    der: before === null ? null : defenseEffectivenessRating(before, metrics),
    verdict:
      before === null ? null : purificationVerdict({before, after: metrics, numClasses, targets}),
    failedGates: failedGates(config, before, metrics),
    device: session.device,
    seconds: (performance.now() - start) / 1000,
  };
}
