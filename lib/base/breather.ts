import {setImmediate} from 'node:timers/promises';

const MAX_HOLD_MS = 6;

/**
 * When the event loop last turned, for all breathers together: many short loops in a row must yield like one long
 * loop.
 */
let turnedAt = 0;

/** Lets the event loop turn during long loops of plain JavaScript: `if (breather.due) await breather.rest()`. */
export class Breather {
  /** True once the thread may have been busy for about 6 ms. */
  get due(): boolean {
    return performance.now() - turnedAt > MAX_HOLD_MS;
  }

  async rest(): Promise<void> {
    await setImmediate();
    turnedAt = performance.now();
  }
}
