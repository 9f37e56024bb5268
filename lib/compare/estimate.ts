import type {Progress} from '../run/progress.js';
import {type DefenseScene, sizeOfDefense} from '../time/defense_size.js';
import {secondsOfRun} from '../time/estimate.js';
import type {PlannedRun} from './config.js';

/** What the runs of a method are going to take. */
export interface MethodEstimate {
  /** The defense. */
  readonly method: string;
  /** Runs that are left. */
  readonly runs: number;
  /** Of all of them. */
  readonly seconds: number;
  /** Whether it may be far less, as a search may end early. */
  readonly isAtMost: boolean;
}

type Told = Pick<Extract<Progress, {kind: 'estimate'}>, 'pace' | 'cleanImages' | 'testImages'>;

/** What runs are going to take, at the pace that the first of them has told. By method, in the order of the runs. */
export function estimateRuns(
  runs: readonly PlannedRun[],
  scene: Pick<DefenseScene, 'datasetName' | 'numClasses' | 'values'>,
  {pace, cleanImages, testImages}: Told,
): readonly MethodEstimate[] {
  const methods = new Map<string, MethodEstimate>();
  // What the limit leaves out is not among them.
  const whole = {...scene, images: cleanImages, tests: new Int32Array(testImages)};
  for (const {method, options} of runs) {
    const size = sizeOfDefense(options, whole);
    const before = methods.get(method) ?? {method, runs: 0, seconds: 0, isAtMost: false};
    methods.set(method, {
      method,
      runs: before.runs + 1,
      seconds: before.seconds + secondsOfRun(size, pace),
      isAtMost: size.work.isAtMost ?? false,
    });
  }
  return [...methods.values()];
}
