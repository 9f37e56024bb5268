import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {NATIVE_FIXTURES} from '../support/oracle.js';
import {ENTRY} from '../support/paths.js';

/** Opens a session that is ready to unlearn, in a process or a worker of its own. */
const PRELUDE = `
const {createHash} = require('node:crypto');
const {readdirSync, readFileSync} = require('node:fs');
const {Worker, parentPort} = require('node:worker_threads');
const {createSession, deviceInfo, readCheckpoint} = require(${JSON.stringify(ENTRY)});
const folder = ${JSON.stringify(NATIVE_FIXTURES)};
const facts = JSON.parse(readFileSync(folder + '/fixtures.json', 'utf8'));
async function open(options = {}) {
  const {model, num_classes: numClasses, mean, std} = facts;
  const session = await createSession({device: 'cpu', seed: 0, threads: 1, model, numClasses, mean, std, ...options});
  await session.loadStateDict((await readCheckpoint(folder + '/tiny_trainee.pt')).stateDict);
  const tensors = (await readCheckpoint(folder + '/rounds.pt')).stateDict;
  const set = {images: tensors.get('images').data, labels: new Int32Array(14),
    trueLabels: new Int32Array(14), originalIndices: new Int32Array(14), count: 14, height: 16, width: 16};
  for (const role of ['cleanSubset', 'cleanTest', 'train']) await session.setImages(role, set);
  return session;
}
const pgd = {norm: 'L_inf', normBound: 0.2, stepSize: 0.2, steps: 2, init: 'max', beta1: 0.01, beta2: 1};
const optimizer = {optimizer: 'adam', learningRate: 1e-3, weightDecay: 0, momentum: 0.9, nesterov: false, adamBeta1: 0.9, adamBeta2: 0.999};
const loss = {lambda1: 1, lambda2: 0, lambda3: 1, trainMode: false};
const endless = {rounds: 1e6, batchSize: 4, outerSteps: 1, evalEvery: 0, evalBatchSize: 8, pgd, loss, optimizer, batchOrder: new Int32Array(0)};
const sau = ({rounds, evalEvery, evalBatchSize, ...options}) => ({method: 'sau', rounds, evalEvery, evalBatchSize, options});
/** The SHA-256 of the weights after two rounds. */
async function job() {
  const session = await open();
  await session.defend(sau({...endless, rounds: 2}));
  const hash = createHash('sha256');
  for (const {data} of (await session.exportStateDict()).values()) hash.update(data);
  session.dispose();
  return hash.digest('hex');
}
/** The ids of the threads that do a job: the one of all jobs, and those of its kernels, which have its name. */
async function jobThreads(options) {
  const session = await open(options);
  const isOfJobs = (id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8') === 'sau jobs\\n';
  const used = await new Promise((resolve) => {
    const onProgress = ({kind}) => kind === 'round' && resolve(readdirSync('/proc/self/task').filter(isOfJobs));
    session.defend(sau(endless), {onProgress}).catch(() => {});
  });
  session.dispose();
  return used;
}
const train = {epochs: 1, batchSize: 4, dropLast: true, optimizer, schedule: 'constant', scheduleLength: 1, firstEpoch: 0, stopEpoch: 1, warmupShare: 0, milestones: [], gamma: 1, cropPadding: 0, flip: false, evalEvery: 0, evalBatchSize: 8, poisonedPositions: new Int32Array(0)};
`;

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script after the prelude in a Node process of its own. */
function runScript(body: string): Promise<Outcome> {
  // On a busy machine two threads that wait for each other actively come to a near standstill.
  const env = {...process.env, OMP_WAIT_POLICY: 'passive'};
  const child = spawn(process.execPath, ['-e', `${PRELUDE}\n${body}`], {env});
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({code, signal, stdout, stderr}));
  });
}

describe.skipIf(!existsSync(ENTRY))('a process (needs dist: npm run build)', () => {
  it('goes on when a worker is terminated while it unlearns', async () => {
    const worker = `${PRELUDE}
      open().then((session) => session.defend(sau(endless), {onProgress: () => parentPort.postMessage('running')}));`;
    const outcome = await runScript(`
      const worker = new Worker(${JSON.stringify(worker)}, {eval: true});
      worker.once('message', async () => {
        console.log('worker ended with', await worker.terminate());
        const session = await open();
        console.log('cleanCount', (await session.evaluate('trainee', 8)).cleanCount);
        session.dispose();
      });`);
    expect(outcome).toEqual({
      code: 0,
      signal: null,
      stdout: 'worker ended with 1\ncleanCount 14\n',
      stderr: '',
    });
  });

  it('runs jobs of two workers at once, each with the result that it has alone', async () => {
    const worker = `${PRELUDE}
      job().then((digest) => parentPort.postMessage(digest));`;
    const outcome = await runScript(`
      const inWorker = () => new Promise((resolve, reject) => {
        const worker = new Worker(${JSON.stringify(worker)}, {eval: true});
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      (async () => {
        const alone = await job();
        const both = await Promise.all([inWorker(), inWorker()]);
        const withMain = await Promise.all([job(), inWorker()]);
        console.log(alone.length, [...both, ...withMain].every((digest) => digest === alone));
      })();`);
    expect(outcome).toEqual({code: 0, signal: null, stdout: '64 true\n', stderr: ''});
  });

  it('ends with its own exit code while a worker unlearns', async () => {
    const worker = `${PRELUDE}
      open().then((session) => session.defend(sau(endless), {onProgress: () => parentPort.postMessage('running')}));`;
    const outcome = await runScript(`
      new Worker(${JSON.stringify(worker)}, {eval: true}).once('message', () => process.exit(7));`);
    expect(outcome).toEqual({code: 7, signal: null, stdout: '', stderr: ''});
  });

  it("leaves LibTorch's choice of threads alone where a session sets its own", async () => {
    const outcome = await runScript(`
      (async () => {
        const threads = async () => (await deviceInfo()).threads;
        const chosen = await threads();
        const session = await open({threads: 1});
        const same = (await threads()) === chosen;
        console.log(same, (await jobThreads({threads: 1})).length, (await jobThreads({threads: 0})).length === chosen);
        session.dispose();
      })();`);
    expect(outcome).toEqual({code: 0, signal: null, stdout: 'true 1 true\n', stderr: ''});
  });

  it('does all jobs of all its sessions on one thread', async () => {
    const outcome = await runScript(`
      (async () => {
        const first = await jobThreads({threads: 1});
        const second = await jobThreads({threads: 1});
        console.log(first.length, String(first) === String(second));
      })();`);
    expect(outcome).toEqual({code: 0, signal: null, stdout: '1 true\n', stderr: ''});
  });

  it('ends at once with its own exit code while a session unlearns', async () => {
    const outcome = await runScript(`
      open().then((session) => session.defend(sau(endless), {onProgress: () => process.exit(7)}));`);
    expect(outcome).toEqual({code: 7, signal: null, stdout: '', stderr: ''});
  });

  it('ends by itself when a session was not disposed', async () => {
    const outcome = await runScript(`open().then(() => console.log('open'));`);
    expect(outcome).toEqual({code: 0, signal: null, stdout: 'open\n', stderr: ''});
  });

  it('survives batch sizes of 0', async () => {
    const outcome = await runScript(`
      open().then(async (session) => {
        const calls = [
          () => session.train({...train, batchSize: 0}),
          () => session.defend(sau({...endless, batchSize: 0})),
          () => session.evaluate('trainee', 0),
        ];
        for (const call of calls) await call().then(() => console.log('resolved'), () => console.log('rejected'));
      });`);
    expect(outcome).toEqual({
      code: 0,
      signal: null,
      stdout: 'rejected\nrejected\nrejected\n',
      stderr: '',
    });
  });
});
