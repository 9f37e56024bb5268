import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {defaultsOf} from '../../../lib/options/option.js';
import {SLURM} from '../../../lib/sweep/engines/slurm.js';
import {slurmEngine} from '../../../lib/sweep/engines/slurm_engine.js';
import {jsonOf, namesIn, temporaryFolder} from '../../support/folders.js';
import {standIns} from '../../support/programs_on_path.js';
import {openSweep, sweepStep} from '../../support/sweep_steps.js';

// What a real Slurm does is in test/e2e/sweep_slurm.extended.test.ts.

const STEPS = [0, 1, 2].map((i) => sweepStep(0, i)).concat(sweepStep(1, 0));
const RUN = {
  ...{signal: new AbortController().signal, onProgress: () => undefined},
  begin: async () => undefined,
};
/** Numbers jobs from 71. */
const SBATCH = `echo "$((70 + $(grep -c '^sbatch' "$(dirname "$0")/calls")));cluster"`;

async function sweepOf(settings: object = {}) {
  const folder = await temporaryFolder();
  const all = {...defaultsOf(SLURM.settings), ...settings};
  return openSweep(STEPS, all, defaultsOf(SLURM.resources), folder);
}

describe('the engine slurm', () => {
  it('submits an array for each stage, the later one after the other has ended', async () => {
    const {calls} = standIns({sbatch: SBATCH, scontrol: "echo 'MaxArraySize            = 2'"});
    const sweep = await sweepOf();
    const outcome = await slurmEngine.run(sweep, RUN);
    expect(outcome).toMatchObject({kind: 'submitted', jobs: ['71', '72', '73']});
    const words = calls().map((call) =>
      call.replaceAll(sweep.folder, 'DIR').replace(/-\w{8}\./, '.'),
    );
    expect(words).toEqual([
      'scontrol show config',
      'sbatch --parsable DIR/slurm/0-attack.sh',
      'sbatch --parsable DIR/slurm/0-attack.sh',
      'sbatch --parsable --dependency=afterany:71:72 DIR/slurm/1-defend.sh',
    ]);
    expect(jsonOf(join(sweep.folder, 'slurm', 'jobs.json'))).toEqual({
      schemaVersion: 1,
      jobs: [
        {id: '71', stage: 0, steps: [STEPS[0]?.id, STEPS[1]?.id]},
        {id: '72', stage: 0, steps: [STEPS[2]?.id]},
        {id: '73', stage: 1, steps: [STEPS[3]?.id]},
      ],
    });
    expect(namesIn(sweep.folder)).toEqual(['logs', 'slurm']);
  });

  it('submits again only what Slurm has no job of', async () => {
    // Of the first array the second job waits; the others have ended without a result.
    const scripts = {sbatch: SBATCH, squeue: "echo '71 1'; echo '8 0'"};
    const {calls} = standIns(scripts);
    const sweep = await sweepOf({maxArraySize: 9});
    await slurmEngine.run(sweep, RUN);
    const outcome = await slurmEngine.run(sweep, RUN);
    expect(outcome).toMatchObject({jobs: ['71', '73', '74']});
    expect(calls().at(-1)).toContain('--dependency=afterany:71:73 ');
    const list = namesIn(join(sweep.folder, 'slurm')).filter((name) => name.endsWith('.txt'));
    const texts = list.map((name) => readFileSync(join(sweep.folder, 'slurm', name), 'utf8'));
    expect(texts).toContain(`${STEPS[0]?.id}\n${STEPS[2]?.id}\n`);
  });

  it('shows the scripts without calling Slurm', async () => {
    const {calls} = standIns({sbatch: 'exit 1', scontrol: 'exit 1'});
    const sweep = await sweepOf();
    const text = slurmEngine.preview?.(sweep) ?? '';
    expect(text.match(/^#!\/bin\/bash$/gm)).toHaveLength(2);
    expect(text).toContain('#SBATCH --array=0-2\n');
    expect(calls()).toEqual([]);
    expect(namesIn(sweep.folder)).toEqual([]);
  });

  it('says what Slurm has where it refuses the rest', async () => {
    const refuses = `case "$*" in *defend*) echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2; exit 1;; *) ${SBATCH};; esac`;
    standIns({sbatch: refuses});
    const sweep = await sweepOf({maxArraySize: 9});
    await expect(slurmEngine.run(sweep, RUN)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringMatching(
        /QOSMaxSubmitJobPerUserLimit.*Slurm has the jobs 71 of this sweep/s,
      ),
      details: {jobs: ['71']},
    });
  });

  it('says so where there is no Slurm', async () => {
    standIns({}, {instead: true});
    const sweep = await sweepOf({maxArraySize: 9});
    await expect(slurmEngine.run(sweep, RUN)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('Expected the program sbatch on the PATH'),
    });
  });

  it('does not submit what it was told to stop before', async () => {
    const {calls} = standIns({sbatch: SBATCH});
    const reason = new Error('stopped');
    const run = {...RUN, signal: AbortSignal.abort(reason)};
    await expect(slurmEngine.run(await sweepOf({maxArraySize: 9}), run)).rejects.toBe(reason);
    expect(calls()).toEqual([]);
  });
});
