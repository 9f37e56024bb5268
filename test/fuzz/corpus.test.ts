import {execFileSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, describe, expect, it} from 'vitest';
import {ROOT} from '../support/paths.js';

/** What the readers did with a target's inputs: 'accepted', 'refused' or a finding. */
interface Replay {
  readonly target: string;
  readonly corpus: Readonly<Record<string, string>>;
  readonly seeds: readonly string[];
}

const CORPUS = join(ROOT, 'test/fuzz/corpus');

describe('the readers of untrusted bytes', () => {
  let replays: readonly Replay[];
  beforeAll(() => {
    const lines = execFileSync(process.execPath, [join(ROOT, 'scripts/fuzz/replay.mjs')], {
      encoding: 'utf8',
    });
    replays = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Replay);
  });

  it('take every input that was a finding once, or refuse it', () => {
    const outcomes = replays.flatMap(({target, corpus}) =>
      Object.entries(corpus).map(([name, outcome]) => `${target}/${name}: ${outcome}`),
    );
    expect(outcomes.filter((each) => !/: (accepted|refused)$/.test(each))).toEqual([]);
    const files = readdirSync(CORPUS).flatMap((target) =>
      readdirSync(join(CORPUS, target)).map((name) => `${target}/${name}`),
    );
    expect(outcomes.map((each) => each.split(':')[0]).sort()).toEqual(files.sort());
  });

  it('take what the fuzzers begin with, so that these are beyond the first check', () => {
    for (const {target, seeds} of replays) {
      expect(seeds, target).toContain('accepted');
      expect(
        seeds.filter((outcome) => outcome !== 'accepted' && outcome !== 'refused'),
        target,
      ).toEqual([]);
    }
  });
});
