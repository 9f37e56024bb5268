import {describe, expect, it} from 'vitest';
import type {ExecutionName} from '../../lib/native/contract.js';
import {deviceInfo} from '../../lib/session/open_session.js';
import {relativeL2} from '../support/closeness.js';
import {bytesOf, flatten, imageSetOf, range, tensorsOf} from '../support/oracle.js';
import {loadedSession, PGD, sauOptions, tinySession, UNLEARN} from '../support/sessions.js';

const info = await deviceInfo();

describe.skipIf(!info.cudaBuilt)('a LibTorch with CUDA (skipped: this one is a CPU build)', () => {
  it("brings the addon's CUDA part with it, with or without a GPU", () => {
    expect(info.cudaLibrary).toBe(true);
  });
});

describe.skipIf(!info.cudaAvailable)('on a GPU (skipped: none)', () => {
  const batch = async (device: string) =>
    loadedSession(imageSetOf(await tensorsOf('tiny_batch.pt')), {device, precision: 'fp32'});

  it('the device has a name and memory', () => {
    expect(info.cudaDevices.length).toBeGreaterThan(0);
    for (const {name, memoryBytes} of info.cudaDevices) {
      expect(name).not.toBe('');
      expect(memoryBytes).toBeGreaterThan(0);
    }
  });

  it("the perturbation agrees with the CPU's in at least 99 of 100 elements", async () => {
    const deltaOn = async (device: string) => {
      using session = await batch(device);
      return await session.perturb('cleanSubset', range(6), PGD);
    };
    const [cpu, cuda] = [await deltaOn('cpu'), await deltaOn('cuda')];
    const same = cpu.filter((value, i) => Math.abs(value - (cuda[i] ?? 0)) < 1e-6).length;
    expect(same / cpu.length).toBeGreaterThan(0.99);
  });

  it("two rounds with fixed perturbations end near the CPU's weights", async () => {
    const weightsOn = async (device: string) => {
      using session = await batch(device);
      // Without steps delta is the start, so that no sign can differ.
      await session.defend(sauOptions({...UNLEARN, rounds: 2, pgd: {...UNLEARN.pgd, steps: 0}}));
      return flatten(await session.exportStateDict(), 'parameters');
    };
    const [cpu, cuda] = [await weightsOn('cpu'), await weightsOn('cuda:0')];
    expect(relativeL2(cuda, cpu)).toBeLessThan(1e-4);
  });

  it.each<ExecutionName>(['static', 'recorded'])(
    'rounds end at the same weights however they are executed (%s)',
    async (execution) => {
      // Enough batches of either size, 4 and 2, for a record to be repeated.
      const options = {...UNLEARN, rounds: 8};
      const weights = async (tuning: {execution: ExecutionName}) => {
        using session = await loadedSession(imageSetOf(await tensorsOf('tiny_batch.pt')), {
          device: 'cuda',
          precision: 'fp32',
          tuning,
        });
        await session.defend(sauOptions(options));
        return flatten(await session.exportStateDict(), 'parameters');
      };
      const dynamic = await weights({execution: 'dynamic'});
      expect(relativeL2(await weights({execution}), dynamic)).toBeLessThan(1e-3);
    },
  );

  it('the precision is by default that of PyTorch, float32 with TF32 convolutions', async () => {
    using session = await tinySession({device: 'cuda'});
    expect(session.precision).toBe('tf32');
  });

  it('two deterministic runs of one seed end at the same weights, bit for bit', async () => {
    const weights = async () => {
      using session = await loadedSession(imageSetOf(await tensorsOf('tiny_batch.pt')), {
        device: 'cuda',
        deterministic: true,
      });
      await session.defend(sauOptions({...UNLEARN, rounds: 8}));
      return bytesOf(await session.exportStateDict());
    };
    expect(await weights()).toEqual(await weights());
  });

  it('it predicts what the CPU predicts', async () => {
    using session = await batch('cuda');
    using onCpu = await batch('cpu');
    expect(await session.predict('trainee', 'cleanSubset')).toEqual(
      await onCpu.predict('trainee', 'cleanSubset'),
    );
  });
});
