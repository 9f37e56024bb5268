// Baseline defenses on a network of any architecture, beside scripts/oracle/defense_steps.py.
import {execFile} from 'node:child_process';
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import type {StateDict} from '../../lib/checkpoint/tensor.js';
import type {NativeDefendOptions} from '../../lib/native/run_contract.js';
import {readCheckpoint} from '../../lib/records/read_checkpoint.js';
import type {Progress} from '../../lib/run/progress.js';
import type {RoundReport} from '../../lib/run/results.js';
import {createSession} from '../../lib/session/open_session.js';
import {relativeL2} from './closeness.js';
import {facts, floatsOf, imageSetOf, numbersOf} from './oracle.js';
import {ROOT} from './paths.js';

const SCRIPT = join(ROOT, 'scripts/oracle/defense_steps.py');
const CLASSES = 10;

/** The options of each method, as the oracle names them. */
type OracleOptions = Readonly<Record<string, object>>;

type Row = Extract<Progress, {kind: 'row'}>;

/** How far the change of the parameters is from the oracle's in double precision, relative L2. */
interface OracleRun {
  readonly error: number;
  /** Of the oracle itself in single precision. */
  readonly yardstick: number;
  readonly reports: readonly RoundReport[];
  readonly rows: readonly Row[];
}

/** What the oracle has made, and how a defense of ours does on the same network and images. */
export class DefenseOracle {
  private constructor(
    private readonly folder: string,
    private readonly model: string,
    private readonly expected: StateDict,
    private readonly figures: Readonly<Record<string, readonly number[]>>,
  ) {}

  /** Lets the oracle work in an empty folder. */
  static async make(
    python: string,
    folder: string,
    request: {model: string; images: number; draw: number; methods: OracleOptions},
  ): Promise<DefenseOracle> {
    await mkdir(folder, {recursive: true});
    const whole = {...request, classes: CLASSES, side: 32};
    await writeFile(join(folder, 'request.json'), JSON.stringify(whole));
    const env = {...process.env, OMP_NUM_THREADS: '1'};
    await promisify(execFile)(python, [SCRIPT, folder], {env});
    const {stateDict} = await readCheckpoint(join(folder, 'expected.pt'));
    const figures = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'));
    return new DefenseOracle(folder, request.model, stateDict, figures);
  }

  /** The oracle's figures of a method. */
  figuresOf(method: string): readonly number[] {
    return this.figures[method] ?? [];
  }

  /** Does a defense, which the oracle has under a name. */
  async run(job: NativeDefendOptions, name: string = job.method): Promise<OracleRun> {
    const {mean, std} = facts;
    using session = await createSession({
      ...{device: 'cpu', seed: 0, threads: 1, model: this.model, numClasses: CLASSES, mean, std},
    });
    const {stateDict} = await readCheckpoint(join(this.folder, 'reference.pt'));
    await session.loadStateDict(stateDict);
    const images = await readCheckpoint(join(this.folder, 'images.pt'));
    await session.setImages('cleanSubset', imageSetOf(images.stateDict));
    const rows: Row[] = [];
    const onProgress = (event: Progress) => {
      if (event.kind === 'row') rows.push(event);
    };
    const reports = await session.defend(job, {onProgress});
    const trained = [...(await session.exportStateDict())]
      .filter(([name]) => !/running_|num_batches/.test(name))
      .flatMap(([, tensor]) => numbersOf(tensor));
    const own = `${name}.start`;
    const start = floatsOf(this.expected, this.expected.has(own) ? own : 'start');
    const change = (after: ArrayLike<number>) =>
      Float64Array.from(start, (value, i) => (after[i] ?? Number.NaN) - value);
    const expected = change(floatsOf(this.expected, name));
    const single = change(floatsOf(this.expected, `${name}.single`));
    return {
      error: relativeL2(change(trained), expected),
      yardstick: relativeL2(single, expected),
      ...{reports, rows},
    };
  }
}
