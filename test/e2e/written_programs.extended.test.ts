import {execFileSync} from 'node:child_process';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {IS_BUILT} from '../support/paths.js';
import {builtPackage} from '../support/program.js';
import {NETS, programPath} from '../support/programs.js';
import {CPU, SCALE, useWorld} from '../support/world.js';

const PYTHON = process.env.SAU_TEST_PYTHON ?? '';

/** Loads both files that a defense wrote, compares their weights and runs the program. */
const CHECK = `
import sys, torch
program = torch.export.load(sys.argv[1])
weights = torch.load(sys.argv[2], weights_only=True)["model"]
assert set(weights) == set(program.state_dict), set(weights) ^ set(program.state_dict)
for key, tensor in program.state_dict.items():
    assert torch.equal(tensor, weights[key]), key
before = torch.export.load(sys.argv[3]).state_dict
assert any(not torch.equal(before[key], tensor) for key, tensor in weights.items())
print(list(program.module()(torch.randn(5, 3, 16, 16)).shape))
`;

describe.skipIf(!IS_BUILT || PYTHON === '')('a program that a defense has written', () => {
  const world = useWorld({attacked: false});

  it.each(NETS)('is opened by torch.export.load, with the purified weights: %s', async (name) => {
    const program = programPath(name);
    const {files} = await builtPackage().defend({
      ...{...CPU, ...SCALE, program, data: world.data, clean: '50pct', rounds: 1, batchSize: 16},
      ...{writeProgram: true, out: join(world.folder, name)},
    });
    const paths = [files.program ?? '', files.checkpoint, program];
    const printed = execFileSync(PYTHON, ['-W', 'ignore', '-c', CHECK, ...paths], {
      env: {...process.env, OMP_NUM_THREADS: '1'},
      encoding: 'utf8',
    });
    expect(printed.trim()).toBe('[5, 10]');
  });
});
