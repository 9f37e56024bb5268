import {spawnSync} from 'node:child_process';
import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {delimiter, join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {defaultsOf} from '../../../lib/options/option.js';
import {SLURM} from '../../../lib/sweep/engines/slurm.js';
import {
  type SlurmResources,
  type SlurmSettings,
  slurmScript,
  slurmTime,
} from '../../../lib/sweep/engines/slurm_script.js';
import {listName, type StepList, stepLists} from '../../../lib/sweep/engines/step_list.js';
import {shellWord, slug} from '../../../lib/sweep/engines/words.js';
import {temporaryFolder} from '../../support/folders.js';
import {sweepStep} from '../../support/sweep_steps.js';

const SCENE = {name: 'Paper, table 1', folder: '/data/paper', command: 'node sau-native.js'};
const LIST: StepList = {stage: 1, kind: 'defend', ids: ['a', 'b', 'c'], threads: 2};
const LIST_FILE = `slurm/${listName(LIST)}.txt`;

function scriptOf(
  settings: Partial<SlurmSettings> = {},
  resources: Partial<SlurmResources> = {},
  scene: Partial<typeof SCENE> = {},
): string {
  return slurmScript(
    {...SCENE, ...scene},
    LIST,
    {...defaultsOf(SLURM.settings), ...settings},
    {...defaultsOf(SLURM.resources), ...resources},
  );
}

/** What sbatch reads: the lines before the first command. */
function optionsOf(script: string): string[] {
  const lines = script.split('\n');
  const end = lines.findIndex((line) => line !== '' && !line.startsWith('#'));
  return lines.slice(0, end).flatMap((line) => /^#SBATCH --(.*)$/.exec(line)?.[1] ?? []);
}

describe('the lists of what is left', () => {
  const steps = [
    ...[0, 1, 4, 5].map((i) => sweepStep(0, i)),
    sweepStep(1, 2, {options: {threads: 4}}),
  ];
  const ids = steps.map(({id}) => id);

  it('are one for each stage, with the most threads of a step', () => {
    expect(stepLists(steps)).toEqual([
      {stage: 0, kind: 'attack', ids: ids.slice(0, 4), threads: 1},
      {stage: 1, kind: 'defend', ids: ids.slice(4), threads: 4},
    ]);
  });

  it('are several where a stage has more than an array may', () => {
    const lists = stepLists(steps, 3);
    expect(lists.map((list) => list.ids)).toEqual([ids.slice(0, 3), [ids[3]], [ids[4]]]);
  });

  it('have a name of their own, so that no job finds other steps in its list', () => {
    const names = [stepLists(steps, 3), stepLists(steps)].flatMap((lists) => lists.map(listName));
    expect(new Set(names).size).toBe(4); // stage 1 is the same list in both
    expect(names[0]).toMatch(/^0-attack-[0-9a-f]{8}$/);
  });
});

describe('the script of an array', () => {
  it('asks for what the plan says', () => {
    const resources = {
      ...{cpus: 8, memory: 2 ** 33, time: 5400, gpus: 1, gpuType: 'a100', partition: 'gpu'},
      ...{account: 'lab', qos: 'long', constraint: 'ib&nvme'},
    };
    expect(optionsOf(scriptOf({jobs: 3}, resources))).toEqual([
      ...['job-name=paper-table-1-1-defend', 'array=0-2%3', 'chdir=/data/paper'],
      ...['output=/data/paper/logs/1-defend-%A_%a.log', 'signal=B:USR1@120'],
      ...['ntasks=1', 'cpus-per-task=8', 'mem=8192M', 'time=01:30:00', 'gres=gpu:a100:1'],
      ...['partition=gpu', 'account=lab', 'qos=long', 'constraint=ib&nvme'],
      ...['open-mode=append', 'requeue'],
    ]);
  });

  it('asks for as many cores as the steps have threads, and for nothing that the plan does not say', () => {
    const names = optionsOf(scriptOf()).map((option) => option.split('=')[0]);
    expect(optionsOf(scriptOf())).toContain('cpus-per-task=2');
    expect(
      names.filter((name) => /^(mem|time|gres|partition|account|qos)$/.test(name ?? '')),
    ).toEqual([]);
  });

  it('has the lines of the user verbatim, whose options for sbatch count', () => {
    const header = '#SBATCH --exclusive\nmodule load cuda/12\nsource "$HOME/my env/bin/activate"\n';
    const script = scriptOf({header});
    expect(script).toContain(`${header}\n# USR1 comes`);
    expect(optionsOf(script)).toContain('exclusive');
  });

  it('saves the state early enough, and leaves a short job the most of its time', () => {
    expect(scriptOf({saveAhead: 300}, {time: 7200})).toContain('signal=B:USR1@300\n');
    expect(scriptOf({saveAhead: 300}, {time: 240})).toContain('signal=B:USR1@60\n');
  });

  it('quotes a folder with spaces, percent signs and quotes', () => {
    const script = scriptOf({}, {}, {folder: "/my data/it's 5%"});
    expect(optionsOf(script)).toContain(`output="/my data/it's 5%%/logs/1-defend-%A_%a.log"`);
    expect(script).toContain(`sweep step '/my data/it'\\''s 5%' --list`);
    expect(() => scriptOf({}, {}, {folder: '/a\n#SBATCH --uid=0'})).toThrow(
      /without quotes and line ends/,
    );
  });

  it('refuses a resource that would be another line of the script', () => {
    expect(() => scriptOf({}, {partition: 'gpu\nrm -rf /'})).toThrow(
      expect.objectContaining({code: 'ERR_CONFIG', message: expect.stringContaining('partition')}),
    );
  });

  it('is one that a shell can read', () => {
    const {status, stderr} = spawnSync('bash', ['-n'], {input: scriptOf()});
    expect([status, String(stderr)]).toEqual([0, '']);
  });
});

interface JobRun {
  readonly env?: NodeJS.ProcessEnv;
  readonly settings?: Partial<SlurmSettings>;
  /** Whether the shell takes long to look which process the step is. */
  readonly isSlow?: boolean;
}

describe('a job', () => {
  /** Runs the script with a program in place of Slurm's and of the step. What they wrote, and the exit code. */
  async function runJob(step: string, {env = {}, settings = {}, isSlow = false}: JobRun = {}) {
    const folder = await temporaryFolder();
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const seen = join(folder, 'seen');
    const program = (name: string, text: string) => {
      writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`);
      chmodSync(join(bin, name), 0o755);
    };
    program('scontrol', `echo "scontrol $*" >> '${seen}'; exit 1`); // and does not end this job
    program('step', `echo "$*" >> '${seen}'\n${step}`);
    const whole = scriptOf({command: 'step', ...settings}, {}, {folder});
    const script = isSlow ? whole.replace('step=$!', 'sleep 0.3; step=$!') : whole;
    const {status} = spawnSync('bash', ['-c', script], {
      env: {
        PATH: `${bin}${delimiter}${process.env.PATH}`,
        ...{SLURM_ARRAY_TASK_ID: '3', SLURM_JOB_ID: '42', ...env},
      },
    });
    const lines = readFileSync(seen, 'utf8').trimEnd().split('\n');
    return {status, lines: lines.map((line) => line.replaceAll(folder, 'DIR'))};
  }

  it('does the step of its place in the list and ends as it does', async () => {
    expect(await runJob('exit 7')).toEqual({
      ...{status: 7, lines: [`sweep step DIR --list DIR/${LIST_FILE} --index 3`]},
    });
  });

  const STOPPED = `trap 'exit 143' TERM; kill -USR1 $PPID; for i in {1..200}; do sleep 0.05; done`;

  it('lets the step save its state before the time limit, and goes back into the queue', async () => {
    const {status, lines} = await runJob(STOPPED);
    expect(lines.slice(1)).toEqual(['scontrol requeue 42']);
    expect(status).toBe(143);
  });

  it('loses no signal that comes before the step has a number', async () => {
    const {status, lines} = await runJob(STOPPED, {isSlow: true});
    expect([status, lines.slice(1)]).toEqual([143, ['scontrol requeue 42']]);
  });

  it('does not go back into the queue for ever', async () => {
    const env = {SLURM_RESTART_COUNT: '2'};
    const {status, lines} = await runJob(STOPPED, {env, settings: {requeues: 2}});
    expect([status, lines.slice(1)]).toEqual([143, []]);
  });

  it('does not go back where someone else stopped it, and waits for the step to save its state', async () => {
    const stopped = `trap 'sleep 0.2; exit 143' TERM; kill -TERM $PPID; kill -TERM $$; sleep 5`;
    const {status, lines} = await runJob(stopped);
    expect([status, lines.slice(1)]).toEqual([143, []]);
  });
});

describe('words for schedulers', () => {
  it.each([
    [59, '00:01:00'],
    [3600.2, '01:00:01'],
    [93784, '1-02:03:04'],
  ])('%s seconds are %s', (seconds, text) => {
    expect(slurmTime(seconds)).toBe(text);
  });

  it.each([
    ['Paper, table 1', 'paper-table-1'],
    ['--', 'sweep'],
    [`${'a'.repeat(29)}-b`, 'a'.repeat(29)],
  ])('the name of %s is %s', (text, name) => {
    expect(slug(text)).toBe(name);
  });

  it.each(['plain/path-1.json', 'two words', `it's`, '$(rm -rf /)', ''])(
    'a shell reads %j as it is',
    (text) => {
      const {stdout} = spawnSync('bash', ['-c', `printf %s ${shellWord(text)}`], {
        encoding: 'utf8',
      });
      expect(stdout).toBe(text);
    },
  );
});
