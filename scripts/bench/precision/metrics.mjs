// Question B: does a precision leave the defended model where fp32 leaves it?
import {join} from 'node:path';
import {DEMO_DEFAULTS, defend, demo, NUDGED_BALL} from '../package.mjs';

/** The yardstick: fp32 with other rounding. */
const NUDGED = 'fp32 nudged';

/**
 * {rounds, counts, rows, worst}: a row per seed and precision with metrics in [0,1] and their difference to fp32 in
 * points. The demo makes the record once for each seed. The defense is run again in each precision.
 */
export async function compareMetrics(
  {seeds, precisions, device, threads, ...options},
  temporary,
  log,
) {
  const rounds = options.rounds ?? DEMO_DEFAULTS.rounds;
  const rows = [];
  let counts;
  for (const seed of seeds) {
    log(`the demo's record, seed ${seed}`);
    const out = join(temporary, `demo-${seed}`);
    const {attack} = await demo({out, seed, device, threads, rounds: 1});
    const before = attack.metrics;
    counts = {clean: before.cleanCount, poisoned: before.poisonedCount};
    rows.push({seed, precision: null, ...metricsOf(before), seconds: null, points: null});
    let fp32;
    for (const precision of precisions.toSpliced(1, 0, NUDGED)) {
      const {after, seconds} = await defend({
        ckpt: attack.record,
        out: join(out, 'defense', precision.replace(' ', '_')),
        clean: DEMO_DEFAULTS.clean,
        batchSize: DEMO_DEFAULTS.batchSize,
        learningRate: DEMO_DEFAULTS.defenseLearningRate,
        evalEvery: rounds,
        ...{rounds, device, threads, seed},
        ...precisionOptions(precision),
      });
      const metrics = metricsOf(after);
      log(`seed ${seed}, ${precision}: ${rounds} round(s) in ${seconds.toFixed(1)} s`);
      fp32 ??= metrics;
      rows.push({seed, precision, ...metrics, seconds, points: pointsBetween(metrics, fp32)});
    }
  }
  return {rounds, counts, rows, worst: worstOf(rows)};
}

function precisionOptions(precision) {
  return precision === NUDGED ? {precision: 'fp32', ...NUDGED_BALL} : {precision};
}

const metricsOf = ({acc, asr, ra}) => ({acc, asr, ra});

function pointsBetween(metrics, fp32) {
  const entries = Object.entries(metrics);
  return Object.fromEntries(entries.map(([name, value]) => [name, 100 * (value - fp32[name])]));
}

/** The largest difference of each other precision to fp32, as {precision, points, metric, seed}. */
function worstOf(rows) {
  const worst = new Map();
  for (const {seed, precision, points} of rows) {
    if (precision === null || precision === 'fp32') continue;
    for (const [metric, value] of Object.entries(points)) {
      if (Math.abs(value) >= Math.abs(worst.get(precision)?.points ?? 0)) {
        worst.set(precision, {precision, points: value, metric, seed});
      }
    }
  }
  return [...worst.values()];
}
