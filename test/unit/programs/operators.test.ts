import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {OPERATORS} from '../../../lib/programs/operators.js';
import {ROOT} from '../../support/paths.js';

it('the operators that are allowed are those of docs/programs.md', () => {
  const text = readFileSync(join(ROOT, 'docs/programs.md'), 'utf8');
  const list = text.slice(text.indexOf('namespace `aten`'), text.indexOf('Arithmetic on sizes'));
  const names = [...list.matchAll(/`([\w.]+)`/g)].map(([, name]) => name).slice(1);
  expect(names).toEqual([...OPERATORS].sort());
});

it('no operator that is allowed writes to a given tensor, or reads or writes files', () => {
  const refused = [...OPERATORS].filter((name) =>
    /\.out$|_out$|^(from_file|set_|resize)/.test(name),
  );
  expect(refused).toEqual([]);
});
