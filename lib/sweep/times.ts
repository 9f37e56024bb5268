import type {SweepStep} from './steps.js';

/** A step whose time is known. */
interface Timed {
  readonly step: Pick<SweepStep, 'kind' | 'method' | 'labels'>;
  readonly seconds: number;
}

/** How long steps take, by those that are done: of the same method on the same data and model, else of the method, else of the kind. */
export class StepTimes {
  readonly #sums = new Map<string, {readonly seconds: number; readonly count: number}>();

  add({step, seconds}: Timed): void {
    for (const key of keysOf(step)) {
      const before = this.#sums.get(key) ?? {seconds: 0, count: 0};
      this.#sums.set(key, {seconds: before.seconds + seconds, count: before.count + 1});
    }
  }

  /** Of one step; null where none of its kind was done. */
  of(step: Timed['step']): number | null {
    for (const key of keysOf(step)) {
      const known = this.#sums.get(key);
      if (known !== undefined) return known.seconds / known.count;
    }
    return null;
  }

  /** Of all these steps, one after another; null where one of them is not known. */
  ofAll(steps: readonly Timed['step'][]): number | null {
    let total = 0;
    for (const step of steps) {
      const seconds = this.of(step);
      if (seconds === null) return null;
      total += seconds;
    }
    return total;
  }
}

/** From what tells most to what tells least. */
function keysOf({kind, method, labels: {data, model}}: Timed['step']): readonly string[] {
  return [JSON.stringify([kind, method, data, model]), JSON.stringify([kind, method]), kind];
}
