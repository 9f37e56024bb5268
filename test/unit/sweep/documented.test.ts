import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {parseDocument} from 'yaml';
import {parsePlan} from '../../../lib/sweep/plan.js';
import {stepsOf} from '../../../lib/sweep/steps.js';
import {ROOT} from '../../support/paths.js';

it('the plan of docs/sweeps.md is one, of thousands of steps', () => {
  const page = readFileSync(join(ROOT, 'docs/sweeps.md'), 'utf8');
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  const plan = parseDocument(text).toJS();
  // One data set, model and seed, which say as much in a thousandth of the time.
  const few = {
    ...plan,
    data: ['data/cifar10', 'data/gtsrb', 'data/tiny'],
    models: ['preactresnet18', 'vit_b_16'],
    seeds: [0],
  };
  const steps = stepsOf(parsePlan(few), {threads: 1});
  const count = (kind: string) => steps.filter((step) => step.kind === kind).length;
  // Without lc on two of three data sets, with one victim more.
  expect(count('attack')).toBe(12 * 3 * 2 - 4 + 1);
  expect(count('defend')).toBe(10 * (12 * 3 * 2 - 4) - (12 * 3 - 2) + 10);
  expect(new Set(steps.map(({folder}) => folder)).size).toBe(steps.length);
});

it('the messages of a sweep are all in docs/sweeps.md', () => {
  const kinds = (text: string, kind: RegExp) => Array.from(text.matchAll(kind), ([, name]) => name);
  const source = readFileSync(join(ROOT, 'lib/sweep/progress.ts'), 'utf8');
  const [, section = ''] = readFileSync(join(ROOT, 'docs/sweeps.md'), 'utf8').split(
    '## In a program',
  );
  expect(kinds(section, /^\| `(\w+)` \|/gm)).toEqual(kinds(source, /readonly kind: '(\w+)'/g));
});
