// What a program in TypeScript relies on, compiled against the built declarations as an ES module, as
// CommonJS and for a bundler (see package_types.test.ts). Nothing here runs.
import {
  type AttackOptions,
  attack,
  type Checkpoint,
  type CompareProgress,
  type CompareResult,
  compare,
  createSession,
  DEFAULTS,
  type DefendOptions,
  type DefendResult,
  defend,
  demo,
  type ERROR_CODES,
  type EvaluateResult,
  evaluate,
  inspect,
  inspectDataset,
  type Metrics,
  type OuterGradient,
  type Progress,
  type RoundReport,
  type Run,
  readCheckpoint,
  SauError,
  type SauErrorCode,
  type SauOptions,
  type Session,
  type SweepProgress,
  type SweepResult,
  type SweepStatus,
  sweep,
  sweepStatus,
} from 'sau-native';

/** Compiles only where both types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
const isSame = <A, B>(_: Same<A, B>): void => undefined;

export async function results(signal: AbortSignal): Promise<void> {
  const run = defend({ckpt: 'model.pt', clean: '5pct', device: 'cuda:1', normBound: 0.2}, {signal});
  isSame<typeof run, Run<DefendResult>>(true);
  const {before, after, der, rounds, files} = await run;
  isSame<typeof before, Metrics>(true);
  isSame<typeof der, number | null>(true);
  isSame<typeof rounds, readonly RoundReport[]>(true);
  isSame<typeof files.checkpoint, string>(true);
  const asPromise: Promise<DefendResult> = run;
  const {metrics}: EvaluateResult = await evaluate({ckpt: 'model.pt'});
  const asr: number | null = metrics.asr;
  const [shown] = await Promise.all([demo(), attack({kind: 'wanet', crossRatio: 2}), asPromise]);
  console.log(after, asr, shown.defense.der);
}

/** Several methods of one checkpoint. */
export async function comparison(): Promise<void> {
  const run = compare({
    ...{ckpt: 'record/badnet_demo', methods: ['sau', 'ft'], seeds: [0, 1]},
    set: {every: {rounds: 20}, ft: {learningRate: 0.02}},
  });
  isSame<typeof run, Run<CompareResult, CompareProgress>>(true);
  for await (const progress of run) {
    if (progress.kind === 'within' && progress.progress.kind === 'round') {
      console.log(progress.method, progress.seed, progress.progress.report.figures);
    }
  }
  const {methods} = await run;
  for (const {method, acc, runs} of methods) {
    const failed = runs.filter((one) => one.kind === 'failed').map(({message}) => message);
    console.log(method, acc?.mean, acc?.deviation, failed);
  }
  // @ts-expect-error an option of sau
  compare({ckpt: 'model.pt', set: {ft: {steps: 3}}});
}

/** All attacks and defenses of a plan. */
export async function plan(): Promise<void> {
  const run = sweep({
    plan: {attacks: ['badnet'], defenses: ['sau', 'ft']},
    out: 'sweeps/two',
    jobs: 2,
  });
  isSame<typeof run, Run<SweepResult, SweepProgress>>(true);
  for await (const progress of run) {
    if (progress.kind === 'ended') console.log(progress.step.folder, progress.counts.done);
  }
  const {counts, steps}: SweepStatus = await sweepStatus('sweeps/two');
  console.log(
    counts.total,
    steps.map(({state, failure}) => failure?.message ?? state),
  );
  // @ts-expect-error a plan is required
  sweep({out: 'sweeps/two'});
}

/** The README's example. */
export async function readme(): Promise<void> {
  const controller = new AbortController();
  const result = await defend(
    {ckpt: 'record/badnet_demo', clean: '5pct', data: 'data/cifar10', rounds: 100},
    {
      signal: controller.signal,
      onProgress: (p) => p.kind === 'round' && console.log(p.report.metrics),
    },
  );
  console.log(result.before.asr, '->', result.after.asr, result.files.checkpoint);
}

/** Paths may be URLs of files, and options of a method go with it. */
export async function methods(folder: URL): Promise<void> {
  const {files} = await defend({ckpt: folder, clean: folder, out: folder, data: folder});
  isSame<typeof files.csv, string>(true);
  await defend({resultFile: 'badnet_demo', recordRoot: folder, method: 'ft', cropPadding: 0});
  await defend({ckpt: folder, method: 'sau', model: 'preactresnet18_w16', clean: 2500});
  const options: AttackOptions = {kind: 'badnet', patch: folder, data: folder};
  const made = await attack(options);
  isSame<typeof made.files.checkpoint, string | undefined>(true);
  const shown = await demo({});
  isSame<typeof shown.files.strip, string>(true);
  console.log(DEFAULTS.defend.sau, DEFAULTS.attack.badnet, (await inspect(folder)).kind);
  const {train, preview} = await inspectDataset({data: folder, dataset: 'gtsrb'});
  isSame<typeof preview, string | null>(true);
  console.log(train.least);
}

export function wrongOptions(): void {
  // @ts-expect-error a checkpoint is required
  void defend({});
  // @ts-expect-error a checkpoint is required
  void evaluate({batchSize: 10});
  // @ts-expect-error one checkpoint
  void defend({ckpt: 'model.pt', resultFile: 'badnet_demo'});
  // @ts-expect-error there is no such architecture
  void defend({ckpt: 'model.pt', model: 'vgg'});
  // @ts-expect-error normBound is SAU's
  void defend({ckpt: 'model.pt', method: 'ft', normBound: 0.2});
  // @ts-expect-error there is no such method
  void defend({ckpt: 'model.pt', method: 'none'});
  // @ts-expect-error a folder is required
  void inspectDataset({dataset: 'gtsrb'});
  // @ts-expect-error there is no such option
  void defend({ckpt: 'model.pt', normbound: 0.2});
  // @ts-expect-error a device is auto, cpu, cuda or cuda:N
  void defend({ckpt: 'model.pt', device: 'gpu'});
  // @ts-expect-error an attack has a kind
  void attack({targetLabel: 0});
  // @ts-expect-error crossRatio is WaNet's
  void attack({kind: 'badnet', crossRatio: 2});
  // @ts-expect-error a result cannot be changed
  void defend({ckpt: 'model.pt'}).then((result) => (result.device = 'cpu'));
  const options: DefendOptions = {ckpt: 'model.pt', rounds: undefined};
  void defend(options);
}

/** A new kind of progress has to be handled: `never` would not be assignable. */
export function describe(progress: Progress): string {
  switch (progress.kind) {
    case 'stage':
    case 'note':
      return progress.message;
    case 'estimate':
      return `${progress.seconds} s, ${progress.parts.map(({what}) => what).join()}`;
    case 'before':
      return String(progress.metrics.acc);
    case 'batch':
      return `${progress.batch} of ${progress.batches}, ${progress.secondsLeft ?? '?'} s`;
    case 'images':
      return `${progress.doing}: ${progress.done} of ${progress.of}`;
    case 'row':
      return `${progress.table}: ${Object.keys(progress.cells).join()} ${progress.metrics?.acc}`;
    case 'picture':
      return `${progress.name}: ${progress.planes.length} bytes`;
    case 'round':
      return String(progress.report.metrics?.asr);
    default: {
      const nothing: never = progress;
      return nothing;
    }
  }
}

export async function iteration(): Promise<void> {
  const run = evaluate({ckpt: 'model.pt'});
  for await (const progress of run) {
    isSame<typeof progress, Progress>(true);
    // @ts-expect-error only batches have it
    console.log(progress.batch);
  }
}

export function errors(error: unknown): SauErrorCode | null {
  if (!(error instanceof SauError)) return null;
  isSame<typeof error.code, (typeof ERROR_CODES)[number]>(true);
  if (error.code === 'ERR_DIVERGED') return 'ERR_DIVERGED';
  // @ts-expect-error there is no such code
  if (error.code === 'ERR_TYPO') return null;
  // @ts-expect-error there is no such code
  const wrong: SauErrorCode = 'ERR_TYPO';
  return wrong;
}

export async function sessions(options: SauOptions): Promise<Int32Array> {
  const session: Session = await createSession({
    ...{device: 'auto', seed: 0, threads: 0, model: 'preactresnet18', numClasses: 10},
    ...{mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], precision: 'auto'},
  });
  try {
    const rounds = {rounds: 1, evalEvery: 0, evalBatchSize: 8};
    const reports: readonly RoundReport[] = await session.defend({
      ...rounds,
      method: 'sau',
      options,
    });
    // @ts-expect-error these are the options of another method
    await session.defend({...rounds, method: 'ft', options});
    const indices = new Int32Array(reports.length);
    const delta: Float32Array = await session.perturb('cleanSubset', indices, options.pgd);
    const gradient: OuterGradient = await session.outerGradient(
      'cleanSubset',
      indices,
      delta,
      options.loss,
    );
    console.log(gradient.suspects);
    // @ts-expect-error there is no such role
    await session.predict('trainee', 'test');
    return await session.predict('trainee', 'cleanTest');
  } finally {
    session.dispose();
  }
}

export async function checkpoints(): Promise<readonly number[] | undefined> {
  const checkpoint: Checkpoint = await readCheckpoint('model.pt');
  if (checkpoint.kind === 'attack_result') console.log(checkpoint.record.poisonedTest);
  else isSame<typeof checkpoint.record, null>(true);
  return checkpoint.stateDict.get('linear.weight')?.shape;
}
