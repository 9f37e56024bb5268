import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {flagName} from '../../../bin/flags.js';
import type {AttackEntry} from '../../../lib/options/attacks/attack_entry.js';
import {ATTACK_TABLE} from '../../../lib/options/attacks/attacks.js';
import {ROOT} from '../../support/paths.js';

const DOCS = readFileSync(join(ROOT, 'docs/attacks.md'), 'utf8');

it.each(Object.entries<AttackEntry>(ATTACK_TABLE))(
  'docs/attacks.md has a row for %s with its label modes and all of its options',
  (kind, {labelModes, options}) => {
    const row = DOCS.split('\n').find((line) => line.startsWith(`| \`${kind}\` |`)) ?? '';
    const [, , , modes = ''] = row.split('|').map((cell) => cell.trim());
    expect(modes).toBe(labelModes.join(', '));
    const flags = [...row.matchAll(/`(--[a-z-]+)`/g)].map(([, flag]) => flag);
    expect(flags.sort()).toEqual(Object.keys(options).map(flagName).sort());
  },
);
