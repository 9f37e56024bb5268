import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {inspectCheckpoint} from '../../lib/records/inspect.js';
import {linesOf, namesIn} from '../support/folders.js';
import {errorOf} from '../support/package_errors.js';
import {IS_BUILT, PROGRAM} from '../support/paths.js';
import {builtPackage, sau} from '../support/program.js';
import {SCALE_FLAGS, useWorld, VICTIM} from '../support/world.js';

const CHECKPOINT = 'attack_epoch_latest.pt';
const EPOCHS = 4;
const OPTIONS = {...VICTIM, model: 'preactresnet18_w2', epochs: EPOCHS, cropPadding: 2} as const;

/** A row without the wall time, which no two runs share. */
function withoutSeconds(line: string): unknown {
  return {...JSON.parse(line), seconds: 0};
}

describe.skipIf(!IS_BUILT)('a training that was interrupted', () => {
  const world = useWorld({attacked: false});

  /** An attack that is aborted in the first batch after `epochs` epochs. */
  async function interrupted(name: string, epochs: number, more: object = {}) {
    const out = join(world.folder, 'record', name);
    const controller = new AbortController();
    const reason = new Error('enough');
    const notes: string[] = [];
    const running = builtPackage().attack(
      {...OPTIONS, data: world.data, out, ...more},
      {
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.kind === 'batch' && progress.round === epochs) controller.abort(reason);
          if (progress.kind === 'note') notes.push(progress.message);
        },
      },
    );
    await expect(running).rejects.toBe(reason);
    return {out, notes};
  }

  it('goes on from its last saved epoch to the bits of an unbroken one', async () => {
    const {attack} = builtPackage();
    const whole = await attack({
      ...OPTIONS,
      data: world.data,
      out: join(world.folder, 'whole', 'attack'),
    });
    const {out, notes} = await interrupted('attack', 2);
    expect(namesIn(out)).toEqual(['attack_df.csv', CHECKPOINT, 'rounds.jsonl']);
    expect(notes).toEqual([expect.stringMatching(/attack_epoch_latest\.pt.*with resume/)]);
    const resumed = await attack({...OPTIONS, data: world.data, out, resume: true});
    expect(namesIn(out)).toEqual(namesIn(whole.record));
    expect(resumed.metrics).toEqual(whole.metrics);
    const weights = async (record: string) =>
      [...(await builtPackage().readCheckpoint(record)).stateDict].map(([key, {data}]) => [
        key,
        Buffer.from(data).toString('base64'),
      ]);
    expect(await weights(out)).toEqual(await weights(whole.record));
    const rows = (record: string) => linesOf(join(record, 'rounds.jsonl')).map(withoutSeconds);
    expect(rows(out)).toEqual(rows(whole.record));
    const csv = (record: string) => readFileSync(join(record, 'attack_df.csv'), 'utf8');
    expect(csv(out)).toBe(csv(whole.record));
    expect(resumed.epochs.map(({round}) => round)).toEqual([0, 1, 2, 3]);
  });

  it('repeats the epochs that it had not saved', async () => {
    const {out} = await interrupted('every_two', 3, {saveEvery: 2});
    expect(linesOf(join(out, 'rounds.jsonl')).length).toBe(3);
    const rounds: number[] = [];
    await builtPackage().attack(
      {...OPTIONS, data: world.data, out, saveEvery: 2, resume: true},
      {onProgress: (progress) => progress.kind === 'round' && rounds.push(progress.report.round)},
    );
    expect(rounds).toEqual([2, 3]);
    expect(linesOf(join(out, 'rounds.jsonl')).length).toBe(EPOCHS);
  });

  it('is refused with another configuration or other images, and stays as it is', async () => {
    const {out} = await interrupted('changed', 1);
    const before = namesIn(out);
    const resume = {...OPTIONS, data: world.data, out, resume: true};
    const {attack} = builtPackage();
    const other = await errorOf(attack({...resume, learningRate: 0.02, epochs: 5}), 'ERR_CONFIG');
    expect(other.message).toContain('of epochs 4, learningRate 0.01, but received epochs 5, ');
    expect(other.details.different).toEqual(['epochs', 'learningRate']);
    const images = await errorOf(attack({...resume, patch: 'checkerboard'}), 'ERR_CONFIG');
    expect(images.details.different).toEqual(['patch', 'images']);
    expect(namesIn(out)).toEqual(before);
    await attack(resume);
    expect(namesIn(out)).toContain('attack_result.pt');
  });

  it('does not look like a record, is not overwritten unasked, and says what it is', async () => {
    const {out} = await interrupted('half', 1);
    const {attack, readCheckpoint} = builtPackage();
    const unasked = await errorOf(attack({...OPTIONS, data: world.data, out}), 'ERR_OUTPUT');
    expect(unasked.message).toContain(CHECKPOINT);
    expect(unasked.message).toContain('Set resume to go on with it, or force to start anew');
    const read = await errorOf(readCheckpoint(out), 'ERR_CHECKPOINT');
    expect(read.message).toContain('resume');
    expect(await inspectCheckpoint(out)).toMatchObject({
      kind: 'attack_epoch',
      model: {tensorCount: 102, keyPath: ['model_state_dict']},
    });
    await attack({...OPTIONS, data: world.data, out, force: true, epochs: 1});
    expect(namesIn(out)).not.toContain(CHECKPOINT);
  });

  it('says on the command line how it goes on', async () => {
    const out = join(world.folder, 'record', 'stopped');
    const child = spawn(
      process.execPath,
      [
        ...[PROGRAM, 'attack', 'badnet', '--data', world.data, '--out', out, ...SCALE_FLAGS],
        ...['--model', 'preactresnet18_w2', '--epochs', '2000', '--batch-size', '16'],
        ...['--device', 'cpu', '--threads', '1'],
      ],
      {stdio: ['ignore', 'ignore', 'pipe']},
    );
    let stderr = '';
    let isStopped = false;
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      if (isStopped || !/epoch 2\/2000/.test(stderr)) return;
      isStopped = true;
      child.kill('SIGINT');
    });
    const [status] = await once(child, 'close');
    expect(stderr).toContain(
      'Interrupted; the finished epochs are saved. Run the command again with --resume to go on',
    );
    expect(status).toBe(130);
    expect(namesIn(out)).toContain(CHECKPOINT);
  });

  it('leaves nothing where it was never saved', async () => {
    expect(namesIn((await interrupted('unsaved', 2, {saveEvery: 0})).out)).toEqual([]);
    expect(namesIn((await interrupted('early', 0)).out)).toEqual([]);
  });

  it('is nothing to go on from where there was none', async () => {
    const out = join(world.folder, 'record', 'none');
    const running = builtPackage().attack({...OPTIONS, data: world.data, out, resume: true});
    expect((await errorOf(running, 'ERR_CHECKPOINT')).message).toContain('Leave out resume');
    expect(namesIn(out)).toEqual([]);
  });

  it('is damaged where its file was cut', async () => {
    const {out} = await interrupted('cut', 1);
    const path = join(out, CHECKPOINT);
    writeFileSync(path, readFileSync(path).subarray(0, 1000));
    const running = builtPackage().attack({...OPTIONS, data: world.data, out, resume: true});
    await errorOf(running, 'ERR_CHECKPOINT');
  });

  it('goes on when it was killed, on the command line too', async () => {
    const {out} = await interrupted('killed', 2);
    const flags = ['--image-size', '16', '--mean', '.5,.5,.5', '--std', '.5,.5,.5'];
    const args = ['attack', 'badnet', '--data', world.data, '--out', out, ...flags];
    args.push('--model', OPTIONS.model, '--epochs', '4', '--batch-size', '16');
    args.push('--crop-padding', '2', '--device', 'cpu', '--threads', '1', '--resume', '--json');
    const {status, stdout, stderr} = sau(world.folder, args);
    expect(stderr).not.toContain('epoch 2/4');
    expect(stderr).toContain('epoch 3/4');
    expect(status).toBe(0);
    expect(JSON.parse(stdout).epochs).toHaveLength(EPOCHS);
  });
});
