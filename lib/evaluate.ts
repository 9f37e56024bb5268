import {readCheckpoint} from './checkpoint/read_checkpoint.js';
import {defenseEffectivenessRating} from './metrics.js';
import {parseEvaluateConfig} from './options/config.js';
import type {EvaluateOptions} from './options/documented.js';
import type {RunOptions} from './progress.js';
import type {EvaluateResult} from './results.js';
import {type Run, startRun} from './run.js';
import {createSession} from './session/open_session.js';
import {openTarget} from './target.js';
import {loadTestSets, setTestSets} from './test_sets.js';

/**
 * Measures a checkpoint: ACC, ASR, RA and losses, and DER against a second checkpoint, the model before
 * the defense (specification B2). Throws as {@link defend} does.
 */
export function evaluate(options: EvaluateOptions, run: RunOptions = {}): Run<EvaluateResult> {
  return startRun(run, (told) => measure(options, told));
}

async function measure(options: EvaluateOptions, run: RunOptions): Promise<EvaluateResult> {
  const start = performance.now();
  const config = parseEvaluateConfig(options);
  const stage = (message: string): void => run.onProgress?.({kind: 'stage', message});

  stage('reading the checkpoint and the images');
  const poisoned = config.poisoned ?? config.against;
  const target = await openTarget({...config, poisoned}, (message) =>
    run.onProgress?.({kind: 'note', message}),
  );
  const against = config.against === null ? null : await readCheckpoint(config.against);
  const testSets = await loadTestSets(target, config.testLimit, run);
  using session = await createSession({...config, ...target, seed: 0});
  await setTestSets(session, testSets);

  stage(`measuring ${target.checkpoint.path}`);
  await session.loadStateDict(target.checkpoint.stateDict);
  const metrics = await session.evaluate('trainee', config.batchSize, run);
  let before = null;
  if (against !== null) {
    stage(`measuring ${against.path}`);
    await session.loadStateDict(against.stateDict);
    before = await session.evaluate('trainee', config.batchSize, run);
  }
  return {
    checkpoint: target.checkpoint.path,
    model: target.model,
    metrics,
    before,
    der: before === null ? null : defenseEffectivenessRating(before, metrics),
    device: session.device,
    seconds: (performance.now() - start) / 1000,
  };
}
