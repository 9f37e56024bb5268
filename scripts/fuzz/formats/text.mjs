import {interesting, mutateBytes} from './bytes.mjs';

const CELLS = [
  ...[
    '',
    '0',
    '-1',
    '1.5',
    '1e3',
    'NaN',
    '99999999999999999999',
    'x',
    ' ',
    '"',
    '""',
    '"a,b"',
    '\u001b[2J',
  ],
  ...['../x.png', '/dev/zero', '__proto__', '\ufeff', '\0', '0x10', '00001', 'é'],
];

/** Rows and cells of a text taken out, doubled, exchanged or replaced. */
export function mutateTable(separator) {
  return (random, bytes, context) => {
    if (random.chance(0.2)) return mutateBytes(random, bytes, context);
    const rows = bytes
      .toString('latin1')
      .split('\n')
      .map((row) => row.split(separator));
    for (let n = random.few(5); n > 0 && rows.length > 0; n--) {
      const i = random.below(rows.length);
      const row = [...rows[i]];
      const way = random.below(8);
      if (way < 3) row[random.below(row.length)] = random.pick(CELLS);
      else if (way === 3) row[random.below(row.length)] = String(interesting(random));
      else if (way === 4) row.splice(random.below(row.length), 1);
      else if (way === 5) row.push(random.pick(row));
      rows[i] = row;
      if (way === 6) rows.splice(i, 1);
      if (way === 7) rows.splice(random.below(rows.length + 1), 0, row);
    }
    const text = rows.map((row) => row.join(separator)).join('\n');
    return Buffer.from(text, 'latin1');
  };
}

const YAML = [
  ...[
    '&a [*a]',
    '&a {k: *a}',
    '*a',
    '!!binary x',
    '!!js/function x',
    '? x\n: y',
    '<<: *a',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
  ],
  ...[
    '[[[[[[',
    '{{{{',
    '- ',
    '|\n  x',
    '>-\n  x',
    '"\\u0000"',
    '0o17',
    '.nan',
    '.inf',
    '-.inf',
    '~',
    'null',
    'yes',
    '1e999',
  ],
  ...[
    '2001-01-01',
    '!!set {a}',
    '!!omap []',
    '!<tag:x> y',
    '0x1F',
    '1_000',
    "'",
    '"',
    '#',
    '\t',
    '9'.repeat(30),
    '__proto__',
    'constructor',
  ],
];

/** Lines of YAML with other values, and with what YAML has besides maps of names to values. */
export function mutateYaml(random, bytes, context) {
  if (random.chance(0.2)) return mutateBytes(random, bytes, context);
  let lines = bytes.toString('utf8').split('\n');
  for (let n = random.few(5); n > 0; n--) {
    const i = random.below(lines.length);
    const [name = '', ...rest] = (lines[i] ?? '').split(':');
    const way = random.below(8);
    const {words} = context;
    if (way < 2) lines[i] = `${name}: ${random.pick(YAML)}`;
    else if (way === 2) lines[i] = `${name}: ${interesting(random)}`;
    else if (way === 3) lines[i] = `${random.pick(words) ?? 'x'}:${rest.join(':')}`;
    else if (way === 4) lines[i] = `${name}: ${random.pick(words) ?? 'x'}`;
    else if (way === 5) lines = lines.toSpliced(i, 1);
    else if (way === 6) lines = lines.toSpliced(i, 0, lines[random.below(lines.length)] ?? '');
    else lines[i] = ' '.repeat(random.below(6)) + lines[i];
  }
  return Buffer.from(lines.join('\n'));
}
