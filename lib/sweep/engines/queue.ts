import {countsOf, type StepState, type StepStatus, type SweepCounts} from '../status.js';
import type {SweepStep} from '../steps.js';
import {StepTimes} from '../times.js';

interface Group {
  readonly step: SweepStep;
  count: number;
}

/** The steps of a sweep that are left, and which of them can begin. */
export class Queue {
  readonly times = new StepTimes();
  readonly #states: Map<string, StepState>;
  readonly #counts: Record<StepState | 'total', number>;
  readonly #needing = new Map<string, SweepStep[]>();
  /** Can begin, those of later stages first: results come early, and a victim is read while it is fresh. */
  readonly #ready: SweepStep[][] = [];
  /** What is left, by what their time depends on. */
  readonly #left = new Map<string, Group>();

  /**
   * @param all Every step of the sweep, as its folders have it
   * @param todo Those that are to be done
   */
  constructor(all: readonly StepStatus[], todo: readonly SweepStep[]) {
    this.#states = new Map(all.map(({id, state}) => [id, state]));
    this.#counts = {...countsOf(all)};
    for (const step of all)
      if (step.seconds !== null) this.times.add({step, seconds: step.seconds});
    for (const step of todo) {
      // What is tried again has failed before.
      this.#set(step.id, 'waiting');
      this.#count(step, 1);
    }
    for (const step of todo) {
      const open = step.needs.filter((id) => this.#states.get(id) !== 'done');
      for (const id of open) this.#needing.set(id, [...(this.#needing.get(id) ?? []), step]);
      if (open.length === 0) this.#makeReady(step);
    }
  }

  get counts(): SweepCounts {
    return {...this.#counts};
  }

  /** The next step that can begin; null where none can now. */
  take(): SweepStep | null {
    const step = this.#ready.findLast((stage) => stage.length > 0)?.shift() ?? null;
    if (step !== null) this.#set(step.id, 'running');
    return step;
  }

  /** A step is done: those that need it can begin. */
  done(step: SweepStep, seconds: number): void {
    this.#set(step.id, 'done');
    this.#count(step, -1);
    this.times.add({step, seconds});
    for (const next of this.#needing.get(step.id) ?? []) {
      if (next.needs.every((id) => this.#states.get(id) === 'done')) this.#makeReady(next);
    }
  }

  /** A step has failed: those that need it cannot begin. */
  failed(step: SweepStep): void {
    this.#set(step.id, 'failed');
    this.#count(step, -1);
    this.#block(step);
  }

  /** A step was stopped. */
  stopped(step: SweepStep): void {
    this.#set(step.id, 'interrupted');
  }

  /** What the steps that are left take in so many places; null where that is not known. */
  secondsLeft(places: number): number | null {
    let total = 0;
    for (const {step, count} of this.#left.values()) {
      const seconds = count === 0 ? 0 : this.times.of(step);
      if (seconds === null) return null;
      total += count * seconds;
    }
    return total / Math.max(1, places);
  }

  #block(step: SweepStep): void {
    for (const next of this.#needing.get(step.id) ?? []) {
      if (this.#states.get(next.id) === 'blocked') continue;
      this.#set(next.id, 'blocked');
      this.#count(next, -1);
      this.#block(next);
    }
  }

  #makeReady(step: SweepStep): void {
    while (this.#ready.length <= step.stage) this.#ready.push([]);
    this.#ready[step.stage]?.push(step);
  }

  #set(id: string, state: StepState): void {
    const before = this.#states.get(id);
    if (before !== undefined) this.#counts[before] -= 1;
    this.#counts[state] += 1;
    this.#states.set(id, state);
  }

  #count(step: SweepStep, by: number): void {
    const {kind, method, labels} = step;
    const key = JSON.stringify([kind, method, labels.data, labels.model]);
    const group = this.#left.get(key) ?? {step, count: 0};
    this.#left.set(key, {...group, count: group.count + by});
  }
}
