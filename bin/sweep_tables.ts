import {isLeft, type StepStatus, type SweepCounts, type SweepStatus} from '../lib/sweep/status.js';
import {StepTimes} from '../lib/sweep/times.js';
import type {SweepResult} from '../lib/sweep.js';
import {alignColumns, duration} from './output.js';

/** A line of counts: "12 of 180 done, 2 failed". */
export function countsLine({total, done, ...others}: SweepCounts): string {
  const rest = Object.entries(others).flatMap(([state, count]) =>
    count === 0 ? [] : [`${count} ${state}`],
  );
  return [`${done} of ${total} done`, ...rest].join(', ');
}

/** What became of a sweep: a line for each stage and method. */
export function statusLines({name, folder, counts, steps}: SweepStatus): string[] {
  const times = timesOf(steps);
  return [
    `sweep ${name} in ${folder}: ${countsLine(counts)}`,
    '',
    alignColumns([
      [
        ...['stage', 'method', 'steps', 'done', 'running', 'failed', 'blocked', 'left'],
        ...['mean time', 'time left'],
      ],
      ...groupsOf(steps).map((group) => rowOf(group, times)),
    ]),
  ];
}

/** What a call would do. */
export function planLines(result: SweepResult): string[] {
  const {todo, secondsLeft} = result;
  const time =
    secondsLeft === null
      ? 'how long they take is known once a step of each kind is done'
      : `about ${duration(secondsLeft)}, one after another`;
  const work = todo === 0 ? 'nothing is left to do' : `${stepsText(todo)} to do: ${time}`;
  const {manifest} = result;
  return [
    ...statusLines(result),
    ...['', `${work}; nothing was written`],
    ...(manifest === null ? [] : ['', manifest.trimEnd()]),
  ];
}

/** What a call did. */
export function resultLines(result: SweepResult): string[] {
  const {name, folder, counts, keptSteps, submitted, manifest, seconds} = result;
  if (manifest !== null) return [manifest.trimEnd()]; // and nothing else: another program may read it
  const kept = keptSteps === 0 ? '' : `, ${keptSteps} of them before`;
  if (submitted !== null) {
    return [`sweep ${name} in ${folder}: ${countsLine(counts)}`, submitted.message];
  }
  return [
    ...statusLines(result),
    ...failureLines(result),
    '',
    `${countsLine(counts)}${kept}, in ${duration(seconds)}; the results are in`,
    folder,
  ];
}

const MOST_FAILURES = 20;

/** The steps that failed with their codes, and what to do. */
export function failureLines({steps, counts}: SweepStatus): string[] {
  const failed = steps.filter(({state}) => state === 'failed');
  const open = steps.filter(({state, failure}) => state !== 'failed' && failure !== null);
  return [
    ...listed('failed', failed),
    ...(failed.length === 0 || counts.blocked === 0
      ? []
      : [`${stepsText(counts.blocked)} blocked by them`]),
    ...(failed.length === 0 ? [] : ['try them again with --retry-failed']),
    ...listed('not done', open),
    ...(open.length === 0 ? [] : ['the next call of sweep tries them again']),
  ];
}

function listed(word: string, steps: readonly StepStatus[]): string[] {
  const more = steps.length - MOST_FAILURES;
  const lines = steps.slice(0, MOST_FAILURES).flatMap(({folder, failure}) => {
    if (failure === null) return [];
    return [`${word}: ${folder}\n  ${failure.message.replaceAll('\n', '\n  ')} (${failure.code})`];
  });
  if (lines.length === 0) return [];
  return ['', ...lines, ...(more > 0 ? [`and ${more} more, which --json lists`] : [])];
}

function stepsText(count: number): string {
  return count === 1 ? '1 step' : `${count} steps`;
}

function groupsOf(steps: readonly StepStatus[]): (readonly StepStatus[])[] {
  const groups = new Map<string, StepStatus[]>();
  for (const step of steps) {
    const key = `${step.stage} ${step.method}`;
    const group = groups.get(key) ?? [];
    group.push(step);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function timesOf(steps: readonly StepStatus[]): StepTimes {
  const times = new StepTimes();
  for (const step of steps) {
    if (step.seconds !== null) times.add({step, seconds: step.seconds});
  }
  return times;
}

function rowOf(group: readonly StepStatus[], times: StepTimes): string[] {
  const count = (...states: StepStatus['state'][]): string =>
    String(group.filter(({state}) => states.includes(state)).length);
  const [first] = group;
  if (first === undefined) return [];
  // What failed, and what it blocks, is done only where that is asked for.
  const left = group.filter(({state}) => isLeft(state));
  const done = group.flatMap(({seconds}) => (seconds === null ? [] : [seconds]));
  const mean = done.reduce((sum, seconds) => sum + seconds, 0) / done.length;
  const time = times.ofAll(left);
  return [
    ...[`${first.stage} ${first.kind}`, first.method, String(group.length)],
    ...[count('done'), count('running'), count('failed'), count('blocked')],
    count('waiting', 'interrupted'),
    done.length === 0 ? '-' : duration(mean),
    left.length === 0 ? '-' : time === null ? '?' : duration(time),
  ];
}
