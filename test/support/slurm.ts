import {type ChildProcess, execFile, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {chmod, mkdir, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {hostname, tmpdir, totalmem} from 'node:os';
import {delimiter, join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {promisify} from 'node:util';

// A real Slurm on this machine alone: one node of two CPUs, a controller, and a munge of its own.

/** Debian has daemons where the PATH of a user may not look. */
const PATH = [process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter);
const PROGRAMS = [
  ...['munged', 'slurmctld', 'slurmd', 'setpriv'],
  ...['sbatch', 'scontrol', 'squeue', 'scancel', 'sinfo'],
];
/** Daemons answer in under two seconds where two CPUs are busy. */
const MOST_SECONDS = 60;

/** Why there is no Slurm for tests here; null where there can be one. */
export const NO_SLURM: string | null = reasonAgainst();

function reasonAgainst(): string | null {
  if (process.platform !== 'linux') return 'Slurm is tested on Linux alone';
  if (process.getuid?.() !== 0) return 'its daemons are started by root alone';
  const missing = PROGRAMS.filter((name) => !isThere(name));
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}`;
}

function isThere(program: string): boolean {
  return PATH.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));
}

export interface SlurmSettings {
  /** One more than the highest index of an array. */
  readonly maxArraySize?: number;
  /** Of the node, which may be more than the machine has. */
  readonly cpus?: number;
}

/** A Slurm that runs. */
export interface Slurm {
  /** What its commands need. */
  readonly env: NodeJS.ProcessEnv;
  /** The output of one of its commands, such as `squeue`. */
  readonly call: (program: string, ...args: readonly string[]) => Promise<string>;
  /** Resolves once no job is waiting or running. */
  readonly isIdle: () => Promise<void>;
  /** Cancels all jobs, ends the daemons and removes their files. */
  readonly stop: () => Promise<void>;
}

/** Starts it. All its files are in a folder of their own; what is left of a start that fails is removed. */
export async function startSlurm(settings: SlurmSettings = {}): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), 'sau-slurm-'));
  const daemons: ChildProcess[] = [];
  const endAtOnce = (): void => {
    for (const {pid} of daemons) if (pid !== undefined) killQuietly(pid);
    rmSync(folder, {recursive: true, force: true});
  };
  process.once('exit', endAtOnce);
  try {
    const slurm = await start(folder, settings, daemons);
    return {
      ...slurm,
      stop: async () => {
        await slurm.stop();
        process.off('exit', endAtOnce);
        endAtOnce();
      },
    };
  } catch (error) {
    process.off('exit', endAtOnce);
    endAtOnce();
    throw error;
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function start(
  folder: string,
  settings: SlurmSettings,
  daemons: ChildProcess[],
): Promise<Slurm> {
  await chmod(folder, 0o755); // munge refuses a socket that others cannot reach
  const paths = {
    conf: join(folder, 'slurm.conf'),
    socket: join(folder, 'munge.socket'),
    munge: join(folder, 'munge'),
  };
  await mkdir(paths.munge, {mode: 0o700});
  const [controller, node] = await freePorts(2);
  await writeFile(paths.conf, configuration(folder, {controller, node, ...settings}));
  const env: NodeJS.ProcessEnv = {...process.env, PATH, SLURM_CONF: paths.conf};
  const run = promisify(execFile);
  const call: Slurm['call'] = async (program, ...args) =>
    (await run(program, [...args], {env, encoding: 'utf8'})).stdout;
  const daemon = (program: string, ...args: readonly string[]): void => {
    // It ends with this process, however that ends.
    const words = ['--pdeathsig', 'KILL', program, ...args];
    daemons.push(spawn('setpriv', words, {env, stdio: 'ignore', cwd: folder}));
  };
  const inMunge = (name: string): string => join(paths.munge, name);
  await writeFile(inMunge('key'), randomBytes(1024), {mode: 0o400});
  daemon(
    ...(['munged', '--foreground', '--force', `--socket=${paths.socket}`] as const),
    ...[`--key-file=${inMunge('key')}`, `--log-file=${inMunge('log')}`],
    ...[`--pid-file=${inMunge('pid')}`, `--seed-file=${inMunge('seed')}`],
  );
  await until('munge', async () => existsSync(paths.socket));
  daemon('slurmctld', '-D', '-c', '-f', paths.conf);
  daemon('slurmd', '-D', '-c', '-f', paths.conf);
  await until('the node', async () => (await call('sinfo', '-h', '-o', '%T')).trim() === 'idle');

  const queued = async (): Promise<string> => (await call('squeue', '-h')).trim();
  const isIdle = (): Promise<void> =>
    until('the end of all jobs', async () => (await queued()) === '', 600);
  const stop = async (): Promise<void> => {
    await call('scancel', '--user=root').catch(() => undefined);
    await isIdle().catch(() => undefined);
    const ended = daemons.map((one) => hasEnded(one));
    for (const one of daemons.toReversed()) one.kill('SIGTERM');
    await Promise.race([Promise.all(ended), pause(10_000, undefined, {ref: false})]);
  };
  return {env, call, isIdle, stop};
}

function hasEnded(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => daemon.once('exit', () => resolve()));
}

/** Asks again until the answer is yes; a question that fails is no answer yet. */
async function until(
  what: string,
  isSo: () => Promise<boolean>,
  seconds = MOST_SECONDS,
): Promise<void> {
  const end = Date.now() + 1000 * seconds;
  while (Date.now() < end) {
    if (await isSo().catch(() => false)) return;
    await pause(100);
  }
  throw new Error(`${what} was not there after ${seconds} s`);
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({length: count}, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(address === null || typeof address === 'string' ? 0 : address.port);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

interface Ports {
  readonly controller: number | undefined;
  readonly node: number | undefined;
}

/** What a container allows: no cgroups, no task affinity, no accounting. */
function configuration(
  folder: string,
  {controller, node, cpus = 2, maxArraySize = 1001}: Ports & SlurmSettings,
): string {
  const host = hostname().split('.')[0] ?? 'localhost';
  const at = (name: string): string => join(folder, name);
  const memory = Math.floor(totalmem() / 2 ** 20);
  return `
ClusterName=sau-test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controller}
SlurmdPort=${node}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=${at('munge.socket')},cred_expire=5
CredType=cred/munge
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('spool')}
SlurmctldPidFile=${at('slurmctld.pid')}
SlurmdPidFile=${at('slurmd.pid')}
SlurmctldLogFile=${at('slurmctld.log')}
SlurmdLogFile=${at('slurmd.log')}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
SwitchType=switch/none
MailProg=/bin/true
ReturnToService=2
KillWait=5
MinJobAge=300
MaxArraySize=${maxArraySize}
MaxJobCount=5000
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=1
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${cpus} RealMemory=${memory} State=UNKNOWN
PartitionName=main Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`.trimStart();
}
