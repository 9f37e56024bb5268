import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {
  findPlatform,
  PLATFORMS,
  supportedPlatforms,
  thisPlatform,
} from '../../../lib/native/platforms.js';
import {ROOT} from '../../support/paths.js';

describe('the table of platforms', () => {
  it('names what npm may install the package on', () => {
    const {os, cpu} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const tuples = os.flatMap((system: string) => cpu.map((chip: string) => `${system}-${chip}`));
    expect(PLATFORMS.map(({tuple}) => tuple)).toEqual(tuples);
    expect(supportedPlatforms()).toBe(`${tuples.join(' or ')} with glibc`);
  });

  it('has a row for this process, and none for a system without LibTorch', () => {
    expect(thisPlatform()).toBe(findPlatform(`${process.platform}-${process.arch}`));
    expect(findPlatform('freebsd-x64')).toBeNull();
  });

  it.each(PLATFORMS)('$tuple opens what shows that a folder is a LibTorch', ({libtorch}) => {
    expect(libtorch.cpu).toContain(libtorch.mark);
    expect(libtorch.cpu).not.toContain(libtorch.cudaMark);
    expect(libtorch.cuda).toEqual(expect.arrayContaining([...libtorch.cpu, libtorch.cudaMark]));
  });
});
