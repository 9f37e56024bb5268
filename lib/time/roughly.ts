const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in words, as well as an estimate knows it: "40 s", "12 min", "3 h 20 min", "2 days 4 h". */
export function roughly(seconds: number): string {
  if (seconds < 1) return 'less than 1 s';
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < HOUR) return `${Math.round(seconds / MINUTE)} min`;
  if (seconds < DAY) return twoUnits(seconds, [HOUR, 'h'], [MINUTE, 'min'], 10);
  return twoUnits(seconds, [DAY, 'days'], [HOUR, 'h'], 1);
}

type Unit = readonly [seconds: number, name: string];

function twoUnits(seconds: number, [large, a]: Unit, [small, b]: Unit, step: number): string {
  const rounded = Math.round(seconds / (small * step)) * small * step;
  const whole = Math.floor(rounded / large);
  const rest = (rounded - whole * large) / small;
  const name = whole === 1 ? a.replace(/s$/, '') : a;
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${b}`;
}
