import {execFileSync} from 'node:child_process';
import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {loadCore} from '../../lib/native/binding.js';
import {nativeProgram} from '../../lib/programs/native_program.js';
import {readProgram} from '../../lib/programs/read_program.js';
import {readCheckpoint} from '../../lib/records/read_checkpoint.js';
import {relativeL2, worst} from '../support/closeness.js';
import {temporaryFolder} from '../support/folders.js';
import {numbersOf, tensorOf} from '../support/oracle.js';
import {ROOT} from '../support/paths.js';
import {tensorsFor} from '../support/programs.js';

const PYTHON = process.env.SAU_TEST_PYTHON ?? '';
const SCRIPT = join(ROOT, 'scripts/fixtures/make_programs.py');
const NETS = [
  ...['resnet18', 'vgg19_bn', 'densenet121', 'mobilenet_v3_large', 'efficientnet_b3'],
  ...['convnext_tiny', 'vit_b_16', 'swin_t'],
];

describe.skipIf(PYTHON === '')('a network of torchvision, as torch exports it', () => {
  it.each(NETS)(
    'gives the logits and pixel gradients of PyTorch: %s',
    async (name) => {
      const {core} = await loadCore();
      const folder = await temporaryFolder();
      const env = {...process.env, OMP_NUM_THREADS: '1'};
      execFileSync(PYTHON, [SCRIPT, folder, name], {env, stdio: 'pipe'});
      const read = await readProgram(join(folder, `${name}.pt2`));
      const {stateDict: expected} = await readCheckpoint(join(folder, `${name}.expected.pt`));
      await rm(folder, {recursive: true}); // hundreds of megabytes
      const numbers = (key: string) => numbersOf(tensorOf(expected, key));
      const program = nativeProgram(read);
      const input = {
        ...{program, tensors: await tensorsFor(program, read.stateDict)},
        ...{images: Float32Array.from(numbers('images')), count: 2, height: 32, width: 32},
      };
      for (const view of ['module', 'frozen'] as const) {
        const exact = core.functional.net.run({...input, view, dtype: 'float64'});
        expect(worst(exact.logits, numbers('logits')), `${view}, float64`).toBeLessThan(1e-9);
        expect(worst(exact.gradient, numbers('gradient')), `${view}, float64`).toBeLessThan(1e-9);
        const single = core.functional.net.run({...input, view, dtype: 'float32'});
        expect(worst(single.logits, numbers('logits')), view).toBeLessThan(1e-5);
        // A maximum of a pool may be another one where norms are folded, so that a few pixels differ.
        expect(relativeL2(single.gradient, numbers('gradient')), view).toBeLessThan(2e-2);
      }
    },
    600_000,
  );
});
