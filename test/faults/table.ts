import type {Outcome} from './walk.js';

const COLUMNS = ['scene', 'fault', 'points', 'kept', 'written', 'left', 'wrong'] as const;

/** The outcomes by scene and fault, in columns, with those that are wrong below. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const groups = groupsOf(outcomes);
  const rows = [...groups].map(([key, group]) => {
    const count = (kind: Outcome['kind']): number =>
      group.filter((outcome) => outcome.kind === kind).length;
    const counts = [group.length, ...(['kept', 'written', 'left', 'wrong'] as const).map(count)];
    return [...key.split('\n'), ...counts.map(String)];
  });
  const lines = [COLUMNS, ...rows].map((row) => row.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 8)));
  const wrong = outcomes
    .filter(({kind}) => kind === 'wrong')
    .map(({scene, fault, number, at, words, message}) =>
      [`${scene}: ${fault} at call ${number}, ${at.kind} ${at.path}`, words, message].join('\n  '),
    );
  return [...lines.map((line) => line.join('').trimEnd()), ...wrong].join('\n');
}

const WIDTHS = [52, 24];

function groupsOf(outcomes: readonly Outcome[]): ReadonlyMap<string, readonly Outcome[]> {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const key = `${outcome.scene}\n${outcome.fault}`;
    groups.set(key, [...(groups.get(key) ?? []), outcome]);
  }
  return groups;
}
