import {availableParallelism} from 'node:os';
import {SauError, type SauErrorCode} from '../../base/errors.js';
import {requireLibTorch} from '../../native/binding.js';
import {deviceInfo} from '../../session/open_session.js';
import type {EngineRun, OpenSweep, SweepEngine} from '../engine.js';
import {concernsAll, writeFailure} from '../failure.js';
import type {StepTask} from '../run_step.js';
import type {SweepStep} from '../steps.js';
import {baseOf} from '../sweep_file.js';
import {Queue} from './queue.js';
import {type Machine, type Slot, slotsOf, visibleDevices} from './slots.js';
import {type StepAnswer, Worker} from './worker.js';

/** Does steps in processes of this machine: each begins as soon as those are done that it needs. */
export const localEngine: SweepEngine = {
  run: async (sweep, run) => {
    if (sweep.todo.length === 0) {
      await run.begin();
      return {kind: 'finished'};
    }
    await requireLibTorch();
    const jobs = sweep.settings.jobs as number | null;
    const slots = slotsOf(sweep.todo, jobs, await thisMachine(sweep.todo));
    await run.begin();
    await new LocalRun(sweep, run, slots).all();
    return {kind: 'finished'};
  },
};

async function thisMachine(steps: readonly SweepStep[]): Promise<Machine> {
  const cores = availableParallelism();
  if (steps.every(({options}) => options.device === 'cpu')) return {cores, devices: []};
  const {cudaDevices} = await deviceInfo();
  return {cores, devices: visibleDevices(cudaDevices.length, process.env.CUDA_VISIBLE_DEVICES)};
}

class LocalRun {
  readonly #sweep: OpenSweep;
  readonly #run: EngineRun;
  readonly #slots: readonly Slot[];
  readonly #queue: Queue;
  readonly #steps: ReadonlyMap<string, SweepStep>;
  readonly #ending: Promise<void>[] = [];
  /** Wake the places that wait for a step that can begin. */
  #sleeping: (() => void)[] = [];
  #working = 0;
  #fatal: SauError | null = null;

  constructor(sweep: OpenSweep, run: EngineRun, slots: readonly Slot[]) {
    this.#sweep = sweep;
    this.#run = run;
    this.#slots = slots;
    this.#queue = new Queue(sweep.status, sweep.todo);
    this.#steps = new Map(sweep.file.steps.map((step) => [step.id, step]));
  }

  async all(): Promise<void> {
    const {todo} = this.#sweep;
    const {counts} = this.#queue;
    this.#run.onProgress({kind: 'opened', counts, todo: todo.length, jobs: this.#slots.length});
    await Promise.all(this.#slots.map((slot) => this.#work(slot)));
    await Promise.all(this.#ending);
    this.#run.signal.throwIfAborted();
    if (this.#fatal !== null) throw this.#fatal;
  }

  /** One place: takes steps until there are none left. */
  async #work(slot: Slot): Promise<void> {
    const most = Number(this.#sweep.settings.stepsPerProcess);
    let worker: Worker | null = null;
    while (!this.#run.signal.aborted && this.#fatal === null) {
      const step = this.#queue.take();
      if (step === null) {
        if (this.#working === 0) break;
        await new Promise<void>((wake) => this.#sleeping.push(wake));
        continue;
      }
      this.#working += 1;
      worker ??= new Worker(slot.env);
      const answer = await this.#do(worker, step);
      this.#working -= 1;
      this.#wake();
      // What a failure has left in a process is not known.
      if (answer.kind === 'done' && worker.steps < most) continue;
      this.#ending.push(worker.end());
      worker = null;
    }
    if (worker !== null) this.#ending.push(worker.end());
    this.#wake();
  }

  async #do(worker: Worker, step: SweepStep): Promise<StepAnswer> {
    const {signal, onProgress} = this.#run;
    const start = performance.now();
    onProgress({kind: 'begun', step});
    const abort = (): void => worker.abort();
    signal.addEventListener('abort', abort, {once: true});
    const answer = await worker.do(this.#taskOf(step), (progress) =>
      onProgress({kind: 'within', step, progress}),
    );
    signal.removeEventListener('abort', abort);
    await this.#follow(step, answer, (performance.now() - start) / 1000);
    return answer;
  }

  #taskOf(step: SweepStep): StepTask {
    const {folder, file} = this.#sweep;
    const needs = step.needs.flatMap((id) => this.#steps.get(id) ?? []);
    return {folder, base: baseOf(folder, file), step, needs};
  }

  async #follow(step: SweepStep, answer: StepAnswer, seconds: number): Promise<void> {
    if (answer.kind === 'done') this.#queue.done(step, seconds);
    else if (this.#run.signal.aborted) {
      this.#queue.stopped(step);
      return;
    } else this.#queue.failed(step);
    const failure = answer.kind === 'done' ? null : answer.failure;
    if (answer.kind === 'crashed') {
      // Where the disk is full, there is no room for it either.
      await writeFailure(this.#sweep.folder, step.id, answer.failure).catch(() => undefined);
    }
    if (failure !== null && concernsAll(failure)) {
      this.#fatal ??= new SauError(failure.code as SauErrorCode, failure.message);
    }
    const {counts} = this.#queue;
    const secondsLeft = this.#queue.secondsLeft(this.#slots.length);
    this.#run.onProgress({kind: 'ended', step, seconds, failure, counts, secondsLeft});
  }

  #wake(): void {
    const sleeping = this.#sleeping;
    this.#sleeping = [];
    for (const wake of sleeping) wake();
  }
}
