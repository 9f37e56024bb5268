// Gives damaged and hostile files to every reader: docs/fuzzing.md says how.
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {fuzzTarget} from './campaign.mjs';
import {ROOT} from './package.mjs';
import {TARGET_NAMES} from './targets.mjs';

const {values: options} = parseArgs({
  options: {
    target: {type: 'string', multiple: true, default: []},
    seconds: {type: 'string', default: '60'},
    inputs: {type: 'string', default: 'Infinity'},
    seed: {type: 'string', default: '0'},
    out: {type: 'string', default: join(ROOT, 'fuzz-findings')},
  },
});

function chosen(names) {
  const unknown = names.find((name) => !TARGET_NAMES.includes(name));
  if (unknown !== undefined) {
    const known = TARGET_NAMES.join(', ');
    throw new Error(`Expected one of ${known} for --target but received ${unknown}.`);
  }
  return names.length === 0 ? TARGET_NAMES : TARGET_NAMES.filter((name) => names.includes(name));
}

function number(name) {
  const value = Number(options[name]);
  if (value >= 0) return value;
  throw new Error(`Expected a number >= 0 for --${name} but received ${options[name]}.`);
}

const COLUMNS = [16, 10, 10, 9, 14, 8, 9];

function row(cells) {
  return cells
    .map((cell, i) =>
      i === 0 ? String(cell).padEnd(COLUMNS[i]) : String(cell).padStart(COLUMNS[i]),
    )
    .join(' ');
}

const targets = chosen(options.target);
const [seconds, inputs, seed] = [number('seconds'), number('inputs'), number('seed')];
let findings = 0;
let total = 0;
console.log(row(['target', 'inputs', 'accepted', 'kept', 'branches', 'MB', 'findings']));
for (const target of targets) {
  const found = await fuzzTarget(target, {
    ...{seed, inputs, seconds: seconds / targets.length},
    ...{found: options.out, log: (text) => console.log(text)},
  });
  const branches = `${found.reached[0]}/${found.reached[1]}`;
  const megabytes = Math.round(found.most / 1024);
  console.log(
    row([
      target,
      found.inputs,
      found.accepted,
      found.pool,
      branches,
      megabytes,
      found.findings.length,
    ]),
  );
  findings += found.findings.length;
  total += found.inputs;
}
console.log(row(['all', total, '', '', '', '', findings]));
process.exitCode = findings === 0 ? 0 : 1;
