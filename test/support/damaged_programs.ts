import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {SauError} from '../../lib/base/errors.js';
import {toSauError} from '../../lib/native/binding.js';
import type {NativeCore} from '../../lib/native/contract.js';
import {nativeProgram} from '../../lib/programs/native_program.js';
import {readProgram} from '../../lib/programs/read_program.js';
import {temporaryFolder} from './folders.js';
import {mutations} from './mutations.js';

/** How many of a program's mutations are read and run, and what becomes of the others, by error code. */
export async function outcomesOf(
  core: NativeCore,
  path: string,
  {seed, count}: {readonly seed: number; readonly count: number},
): Promise<Record<string, number>> {
  const file = join(await temporaryFolder(), 'mutated.pt2');
  const outcomes: Record<string, number> = {};
  let left = count;
  for await (const bytes of mutations(path, seed)) {
    await writeFile(file, bytes);
    const outcome = await outcomeOf(core, file);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (--left === 0) break;
  }
  return outcomes;
}

/** Anything that is thrown besides a SauError fails the test. */
async function outcomeOf(core: NativeCore, file: string): Promise<string> {
  try {
    const program = nativeProgram(await readProgram(file));
    try {
      core.functional.net.program(program);
    } catch (error) {
      throw toSauError(error);
    }
    return 'runs';
  } catch (error) {
    if (error instanceof SauError) return error.code;
    throw error;
  }
}
