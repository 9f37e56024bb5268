import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join} from 'node:path';
import {onTestFinished} from 'vitest';

/** Programs that stand for those of a cluster which no test can have. */
export interface StandIns {
  /** The lines that the programs were called with, in order. */
  readonly calls: () => readonly string[];
  /** What each call was given on its standard input, in order. */
  readonly inputs: () => readonly string[];
}

/** Puts scripts on the PATH until the test has finished, before or instead of all others. */
export function standIns(
  scripts: Readonly<Record<string, string>>,
  {instead = false} = {},
): StandIns {
  const folder = mkdtempSync(join(tmpdir(), 'sau-programs-'));
  const seen = (name: string): string => join(folder, name);
  writeFileSync(seen('calls'), '');
  for (const [name, script] of Object.entries(scripts)) {
    const lines = [
      '#!/bin/bash',
      `echo "${name} $*" >> '${seen('calls')}'`,
      `n=$(wc -l < '${seen('calls')}')`,
      `[ -p /dev/stdin ] || [ -S /dev/stdin ] && cat > '${seen('input')}'.$n`,
      script,
    ];
    writeFileSync(seen(name), `${lines.join('\n')}\n`);
    chmodSync(seen(name), 0o755);
  }
  const before = process.env.PATH;
  process.env.PATH = instead ? folder : [folder, before].join(delimiter);
  onTestFinished(() => {
    process.env.PATH = before;
    rmSync(folder, {recursive: true});
  });
  const calls = (): string[] => readFileSync(seen('calls'), 'utf8').split('\n').slice(0, -1);
  return {
    calls,
    inputs: () => calls().map((_, i) => readFileSync(`${seen('input')}.${i + 1}`, 'utf8')),
  };
}
