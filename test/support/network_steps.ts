// The procedure on a network of any architecture, beside that of scripts/oracle/network_steps.py.
import {execFile} from 'node:child_process';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {expect} from 'vitest';
import type {StateDict, TensorData} from '../../lib/checkpoint/tensor.js';
import {readCheckpoint} from '../../lib/records/read_checkpoint.js';
import {writeCheckpoint} from '../../lib/records/write_checkpoint.js';
import {createSession} from '../../lib/session/open_session.js';
import type {Session} from '../../lib/session/session.js';
import {relative} from './closeness.js';
import {facts, floatsOf, imageSetOf, ORACLE_EPOCHS, range} from './oracle.js';
import {ROOT} from './paths.js';
import {PGD, sauOptions, UNLEARN, type Unlearning} from './sessions.js';

const SCRIPT = join(ROOT, 'scripts/oracle/network_steps.py');
const CLASSES = 10;

/** What is computed: on images of 32x32 in 10 classes. */
export interface StepsRequest {
  readonly model: string;
  readonly images: number;
  readonly batch_size: number;
  readonly pgd_steps: number;
  /** The seed of the images. */
  readonly draw: number;
}

/** Of ours from PyTorch's in float32, and of this from PyTorch's in float64. */
export interface Difference {
  readonly ours: number;
  readonly yardstick: number;
}

interface RunFigures {
  /** Of the change of the parameters, relative L2. */
  readonly update: Difference;
  /** Of the running statistics, relative L2. */
  readonly statistics: Difference;
  /** Of PyTorch with our weights. */
  readonly predictions: readonly number[];
}

export const RUNS = ['adam', 'sgd', 'training'] as const;
type RunName = (typeof RUNS)[number];
type Losses = Readonly<Record<RunName | 'outer', readonly number[]>>;

export interface Steps {
  /** Shares of the elements of a perturbation that differ: after one step, and of the median image after all. */
  readonly step: Difference;
  readonly delta: Difference;
  /** Of the outer loss by the parameters, relative L2. */
  readonly gradient: Difference;
  readonly runs: Readonly<Record<RunName, RunFigures>>;
  /** Largest relative difference of the outer losses and of each run's. */
  readonly losses: Readonly<Record<keyof Losses, Difference>>;
  readonly suspects: {readonly ours: readonly boolean[]; readonly oracle: readonly boolean[]};
  /** Our own predictions after each run. */
  readonly predictions: Readonly<Record<RunName, readonly number[]>>;
}

interface Oracle {
  readonly losses: Losses;
  /** In double precision. */
  readonly double_losses: Losses;
  readonly suspects: readonly boolean[];
  readonly rates: Readonly<Record<RunName, number>>;
  readonly epochs: number;
}

/** Lets both sides do the same in an empty folder, and compares. */
export async function stepsOf(
  python: string,
  folder: string,
  request: StepsRequest,
): Promise<Steps> {
  const run = async (command: string) => {
    const env = {...process.env, OMP_NUM_THREADS: '1'};
    const {stdout} = await promisify(execFile)(python, [SCRIPT, command, folder], {env});
    return stdout;
  };
  await mkdir(folder, {recursive: true});
  const whole = {...request, classes: CLASSES, side: 32, seed: SEED};
  await writeFile(join(folder, 'request.json'), JSON.stringify(whole));
  await run('make');
  const oracle: Oracle = JSON.parse(await readFile(join(folder, 'oracle.json'), 'utf8'));
  const ours = await new Ours(folder, request, oracle).run();
  const figures = JSON.parse(await run('compare'));
  return {
    ...figures,
    predictions: ours.predictions,
    losses: Object.fromEntries(
      (['outer', ...RUNS] as const).map((name) => [
        name,
        {
          ours: largestRelative(meansOf(name, ours.losses), meansOf(name, oracle.losses)),
          yardstick: largestRelative(
            meansOf(name, oracle.losses),
            meansOf(name, oracle.double_losses),
          ),
        },
      ]),
    ),
    suspects: {ours: ours.suspects, oracle: oracle.suspects},
  };
}

const SEED = 3;

/** A run of SAU reports the mean over its batches, which the oracle lists. */
function meansOf(name: keyof Losses, losses: Losses): readonly number[] {
  const values = losses[name];
  if (name === 'outer' || name === 'training') return values;
  return [values.reduce((sum, value) => sum + value / values.length, 0)];
}

function largestRelative(found: readonly number[], expected: readonly number[]): number {
  expect(found).toHaveLength(expected.length);
  return Math.max(...found.map((value, i) => relative(value, expected[i] ?? Number.NaN)));
}

class Ours {
  readonly losses: Record<RunName | 'outer', number[]> = {
    outer: [],
    adam: [],
    sgd: [],
    training: [],
  };
  readonly predictions: Record<RunName, number[]> = {adam: [], sgd: [], training: []};
  suspects: boolean[] = [];

  constructor(
    private readonly folder: string,
    private readonly request: StepsRequest,
    private readonly oracle: Oracle,
  ) {}

  async run(): Promise<this> {
    await this.#steps();
    const {batch_size: batchSize, images} = this.request;
    const pgd = {...PGD, steps: 1};
    const options = {...UNLEARN, rounds: 1, batchSize, pgd, evalEvery: 0};
    const batchOrder = range(images);
    const {optimizer} = UNLEARN;
    const {adam, sgd} = this.oracle.rates;
    await this.#unlearn('adam', {
      ...options,
      batchOrder,
      optimizer: {...optimizer, learningRate: adam},
    });
    await this.#unlearn('sgd', {
      ...{...options, batchOrder},
      loss: {lambda1: 1, lambda2: 0.5, lambda3: 2, trainMode: true},
      optimizer: {...optimizer, optimizer: 'sgd', learningRate: sgd},
    });
    await this.#train();
    return this;
  }

  /** A session at the weights that all begin with. */
  async #session(): Promise<Session> {
    const {mean, std} = facts;
    const {model} = this.request;
    const session = await createSession({
      ...{device: 'cpu', seed: SEED, threads: 1, model, numClasses: CLASSES, mean, std},
    });
    for (const role of ['reference', 'trainee'] as const) {
      await session.loadStateDict((await this.#read(`${role}.pt`)).stateDict, role);
    }
    const images = imageSetOf((await this.#read('images.pt')).stateDict);
    await session.setImages('cleanSubset', images);
    await session.setImages('train', images);
    return session;
  }

  async #steps(): Promise<void> {
    using session = await this.#session();
    const {images, pgd_steps: steps} = this.request;
    const all = range(images);
    const shape = [images, 3, 32, 32];
    const tensors = new Map<string, TensorData>();
    for (const [name, count] of [
      ['step', 1],
      ['delta', steps],
    ] as const) {
      const delta = await session.perturb('cleanSubset', all, {...PGD, steps: count});
      tensors.set(name, {dtype: 'float32', shape, data: new Uint8Array(delta.buffer)});
    }
    const delta = floatsOf((await this.#read('single.pt')).stateDict, 'delta');
    const {loss} = UNLEARN;
    const outer = await session.outerGradient('cleanSubset', all, delta, loss);
    for (const {name, ...tensor} of outer.gradient) tensors.set(`gradient.${name}`, tensor);
    this.losses.outer.push(outer.loss, outer.cleanLoss, outer.sharedLoss);
    this.suspects = Array.from(outer.suspects, Boolean);
    await this.#write('steps.pt', tensors);
  }

  async #unlearn(name: 'adam' | 'sgd', options: Unlearning): Promise<void> {
    using session = await this.#session();
    const [report] = await session.defend(sauOptions(options));
    await this.#keep(name, session, [report?.figures.loss ?? Number.NaN]);
  }

  async #train(): Promise<void> {
    using session = await this.#session();
    const {epochs, rates} = this.oracle;
    const reports = await session.train({
      ...ORACLE_EPOCHS,
      ...{epochs, batchSize: this.request.batch_size, scheduleLength: epochs + 1},
      ...{dropLast: true, evalEvery: 0, evalBatchSize: 8, poisonedPositions: new Int32Array(0)},
      optimizer: {...ORACLE_EPOCHS.optimizer, learningRate: rates.training},
    });
    const losses = reports.map(({figures}) => figures.loss ?? Number.NaN);
    await this.#keep('training', session, losses);
  }

  async #keep(name: RunName, session: Session, losses: readonly number[]): Promise<void> {
    this.losses[name].push(...losses);
    this.predictions[name].push(...(await session.predict('trainee', 'cleanSubset')));
    await this.#write(`${name}.pt`, await session.exportStateDict());
  }

  #read(file: string) {
    return readCheckpoint(join(this.folder, file));
  }

  #write(file: string, stateDict: StateDict): Promise<void> {
    const {model: modelName} = this.request;
    return writeCheckpoint(join(this.folder, file), {modelName, numClasses: CLASSES, stateDict});
  }
}
