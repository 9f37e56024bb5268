import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {parseAllDocuments} from 'yaml';
import type {OpenSweep} from '../../../lib/sweep/engine.js';
import {kubernetesEngine} from '../../../lib/sweep/engines/kubernetes_engine.js';
import {sweepLabel} from '../../../lib/sweep/engines/kubernetes_manifest.js';
import type {SweepProgress} from '../../../lib/sweep/progress.js';
import {namesIn, temporaryFolder} from '../../support/folders.js';
import {RESOURCES, SETTINGS} from '../../support/kubernetes_jobs.js';
import {standIns} from '../../support/programs_on_path.js';
import {openSweep, sweepStep} from '../../support/sweep_steps.js';

const STEPS = [sweepStep(0, 0), sweepStep(1, 0), sweepStep(1, 1)];
const ENDED = {status: {conditions: [{type: 'Failed', status: 'True'}]}};

/** A folder of a sweep below its root, and what an engine is given for it. */
async function sweepIn(settings: Partial<typeof SETTINGS>, more: Partial<OpenSweep> = {}) {
  const root = await temporaryFolder();
  const folder = join(root, 'sweeps', 'paper');
  return {...openSweep(STEPS, {...SETTINGS, root, ...settings}, RESOURCES, folder), ...more};
}

function listener() {
  const told: string[] = [];
  const onProgress = (progress: SweepProgress): void => {
    if (progress.kind === 'note') told.push(progress.message);
  };
  const begin = async () => undefined;
  return {told, run: {signal: new AbortController().signal, onProgress, begin}};
}

describe('the engine kubernetes', () => {
  it('prints the Jobs and calls nothing, writes their lists, and says what to do', async () => {
    const {calls} = standIns({kubectl: 'exit 1'});
    const sweep = await sweepIn({namespace: 'lab'});
    const {told, run} = listener();
    const outcome = await kubernetesEngine.run(sweep, run);
    expect(outcome).toEqual({kind: 'printed', manifest: kubernetesEngine.preview?.(sweep)});
    expect(calls()).toEqual([]);
    const place = join(sweep.folder, 'kubernetes');
    const [attacks = '', defenses = '', manifest] = namesIn(place);
    expect(manifest).toBe('jobs.yaml');
    expect(readFileSync(join(place, attacks), 'utf8')).toBe(`${STEPS[0]?.id}\n`);
    expect(readFileSync(join(place, defenses), 'utf8')).toBe(`${STEPS[1]?.id}\n${STEPS[2]?.id}\n`);
    expect(told.join('\n')).toMatch(/kubectl apply --namespace=lab -f .*jobs.yaml/);
    expect(told.join('\n')).toMatch(
      /kubectl --namespace=lab patch job sau-paper-table-1-1-defend-\w+ --type=merge -p '\{"spec":\{"suspend":false\}\}'/,
    );
  });

  it('refuses to wait for what it gives to nobody', async () => {
    const waiting = kubernetesEngine.run(await sweepIn({wait: true}), listener().run);
    await expect(waiting).rejects.toThrow(/Expected .*apply.* beside .*wait.* but received none/);
  });

  it('gives the Jobs to kubectl where that is asked for', async () => {
    const {calls, inputs} = standIns({kubectl: `[ "$1" = get ] && echo '{"items": []}'; exit 0`});
    const sweep = await sweepIn({apply: true});
    const outcome = await kubernetesEngine.run(sweep, listener().run);
    const label = sweepLabel({name: sweep.file.name, folder: '/claim/sweeps/paper'});
    expect(calls()).toEqual([
      `kubectl get jobs --selector=sau-native/sweep=${label} --output=json`,
      'kubectl apply -f -',
    ]);
    const applied = parseAllDocuments(inputs()[1] ?? '').map((document) => document.toJS());
    expect(applied.map(({metadata}) => metadata.labels['sau-native/sweep'])).toEqual([
      label,
      label,
    ]);
    expect(outcome).toMatchObject({
      kind: 'submitted',
      jobs: applied.map(({metadata}) => metadata.name),
    });
  });

  it('releases each stage once the one before it has ended, also with failed indices', async () => {
    const job = JSON.stringify({metadata: {name: 'any'}, ...ENDED});
    const {calls} = standIns({
      kubectl: `case "$1 $2" in "get jobs") echo '{"items": []}';; "get job") echo '${job}';; esac`,
    });
    const sweep = await sweepIn({apply: true, wait: true});
    expect(await kubernetesEngine.run(sweep, listener().run)).toEqual({kind: 'finished'});
    const words = calls().map((call) => call.split(' ').slice(1, 4).join(' '));
    expect(words.slice(2)).toEqual([
      expect.stringMatching(/^get job sau-paper-table-1-0-attack-/),
      expect.stringMatching(/^patch job sau-paper-table-1-1-defend-/),
      expect.stringMatching(/^get job sau-paper-table-1-1-defend-/),
    ]);
  });

  it('does not begin beside Jobs of an earlier call that go on', async () => {
    const items = JSON.stringify({
      items: [
        {metadata: {name: 'ended'}, ...ENDED},
        {metadata: {name: 'goes-on'}, status: {}},
      ],
    });
    const {calls} = standIns({kubectl: `echo '${items}'`});
    const sweep = await sweepIn({apply: true});
    await expect(kubernetesEngine.run(sweep, listener().run)).rejects.toMatchObject({
      code: 'ERR_BUSY',
      message: expect.stringMatching(/but goes-on has not ended.*delete jobs --selector=/s),
    });
    expect(calls()).toHaveLength(1);
    expect(namesIn(join(sweep.folder, 'kubernetes'))).toEqual([]);
  });

  it('leaves out steps that a process works on', async () => {
    const sweep = await sweepIn({}, {status: [statusOf(1)]});
    const jobs = parseAllDocuments(kubernetesEngine.preview?.(sweep) ?? '');
    expect(jobs.map((job) => job.toJS().spec.completions)).toEqual([1, 1]);
  });

  it("tells kubectl's words where it refuses", async () => {
    standIns({kubectl: `echo 'error: You must be logged in' >&2; exit 1`});
    const sweep = await sweepIn({apply: true});
    await expect(kubernetesEngine.run(sweep, listener().run)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message:
        'Expected kubectl to list the Jobs of the sweep but it refused: error: You must be logged in',
    });
  });

  it('says so where there is no kubectl', async () => {
    standIns({}, {instead: true});
    const sweep = await sweepIn({apply: true});
    await expect(kubernetesEngine.run(sweep, listener().run)).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('Expected the program kubectl on the PATH'),
    });
  });
});

function statusOf(i: number): OpenSweep['status'][number] {
  const {options: _, ...step} = STEPS[i] ?? sweepStep(0, 0);
  return {...step, state: 'running', seconds: null, failure: null};
}
