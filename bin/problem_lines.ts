import type {DoctorProblem} from '../lib/doctor.js';

/** Problems in words: what is wrong, and what to do next. */
export function problemLines(problems: readonly DoctorProblem[]): string[] {
  return problems.flatMap(({code, severity, problem, remedy}) => [
    '',
    `${severity}: ${problem.replaceAll('\n', '\n  ')} (${code})`,
    `   so: ${remedy}`,
  ]);
}
