import {createHash} from 'node:crypto';
import {basename} from 'node:path';
import type {SauError} from '../base/errors.js';
import {DEFAULT_DATASET} from '../datasets/known.js';
import type {UserOptions} from '../options/parse.js';
import {
  type Axes,
  type Axis,
  type Exclusion,
  means,
  type PlanEntry,
  planError,
  RULE_AXES,
  type RuleAxis,
  type SweepPlan,
} from './plan.js';
import {type Combination, StepOptions} from './step_options.js';

// A plan -> the steps that it consists of. What is equal is one step: a victim is made once for all its defenses.

/** What tables and plots call a step. null: the plan does not say. */
export interface StepLabels {
  /** The attack that made the victim. */
  readonly attack: string | null;
  /** The record or checkpoint, where the plan gives the victim. */
  readonly victim: string | null;
  /** The data set. */
  readonly data: string | null;
  /** The architecture. */
  readonly model: string | null;
  /** The poison rate. */
  readonly ratio: string | null;
  /** The defense; null for an attack. */
  readonly defense: string | null;
  /** Clean images of the defense. */
  readonly clean: string | null;
}

/** One run of `attack` or `defend` in a sweep. */
export interface SweepStep {
  /** A hash of all that its result depends on: kind, options and the steps before it. */
  readonly id: string;
  /** All steps of a stage need only steps of the stages before it. */
  readonly stage: number;
  /** Its number in the stage, from 0. */
  readonly index: number;
  /** The call. */
  readonly kind: 'attack' | 'defend';
  /** The attack or defense. */
  readonly method: string;
  /** As given to `attack` or `defend`, except for what names folders. Paths begin at the base of the sweep. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The steps whose results it reads: the victim of a defense. */
  readonly needs: readonly string[];
  /** In the folder of the sweep. */
  readonly folder: string;
  /** What tables call it. */
  readonly labels: StepLabels;
}

type PlannedStep = Omit<SweepStep, 'stage' | 'index'>;

/** More are a mistake in a plan. */
export const MOST_STEPS = 100_000;

/** How many times as many combinations are looked at where some are left out. */
const MOST_EXCLUDED = 10;

/** Options that change no result: they may differ where a sweep goes on. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(['threads', 'dataMemory', 'saveEvery']);

/** Options of single steps, where the plan has none. */
export interface StepDefaults {
  /** CPU threads of a step, for all or by its kind. */
  readonly threads: number | Readonly<Record<SweepStep['kind'], number>>;
}

/** All steps of a plan, stage by stage. Throws ERR_CONFIG with the place in the plan. */
export function stepsOf(plan: SweepPlan, defaults: StepDefaults): readonly SweepStep[] {
  const made = new Steps(plan, defaults);
  for (const axes of plan.matrices) made.addAll(axes);
  if (made.steps.size === 0)
    throw planError('at least one step in the plan', 'none', 'Leave less out with exclude');
  return inStages([...made.steps.values()]);
}

/** Numbers steps by stage: those that others need come first. */
export function inStages(steps: readonly PlannedStep[]): readonly SweepStep[] {
  const kinds = (['attack', 'defend'] as const).filter((kind) =>
    steps.some((step) => step.kind === kind),
  );
  return kinds.flatMap((kind, stage) =>
    steps
      .filter((step) => step.kind === kind)
      .map(({id, ...step}, index) => ({id, stage, index, ...pick(step)})),
  );
}

/** Without the numbers that a step of another order has. */
function pick({kind, method, options, needs, folder, labels}: Omit<PlannedStep, 'id'>) {
  return {kind, method, options, needs, folder, labels};
}

class Steps {
  readonly steps = new Map<string, PlannedStep>();
  readonly #folders = new Set<string>();
  readonly #exclude: readonly Exclusion[];
  readonly #options: StepOptions;
  readonly #labels: Labels;

  constructor(plan: SweepPlan, {threads}: StepDefaults) {
    this.#exclude = plan.exclude;
    this.#labels = new Labels(plan.matrices);
    this.#options = new StepOptions(plan, threads);
  }

  addAll(axes: Axes): void {
    const {attacks, data, models, poisonRates, attackSeeds, victims} = axes;
    const most = this.#exclude.length === 0 ? MOST_STEPS : MOST_EXCLUDED * MOST_STEPS;
    if (runsOf(axes) > most) throw tooMany();
    if (attacks.length > 0) {
      const all = product({attacks, data, models, poisonRates, attackSeeds});
      for (const combination of all) this.#addVictim(axes, combination);
    }
    for (const victim of victims) this.#addDefenses(axes, {victims: victim}, null);
  }

  #addVictim(axes: Axes, combination: Combination): void {
    const step = this.#attack(combination);
    if (axes.defenses.length > 0) this.#addDefenses(axes, combination, step);
    else if (!this.#isExcluded(combination)) this.#add(step);
  }

  #addDefenses(axes: Axes, victim: Combination, attack: PlannedStep | null): void {
    const {defenses, cleanRatios, defenseSeeds, isPaired} = axes;
    const {attackSeeds: seed} = victim;
    const own = isPaired && seed !== undefined ? [seed] : defenseSeeds;
    for (const more of product({defenses, cleanRatios, defenseSeeds: own})) {
      if (more.defenses === undefined) {
        throw planError(
          'defenses in the plan for its victims',
          'none',
          'Write a line such as defenses: [sau, ft]',
        );
      }
      const combination = {...victim, ...more};
      if (this.#isExcluded(combination)) continue;
      if (attack !== null) this.#add(attack);
      this.#add(this.#defense(combination, attack));
    }
  }

  #attack(combination: Combination): PlannedStep {
    const options = this.#options.ofAttack(combination);
    const {attacks, poisonRates} = combination;
    const ratio = labelOf(attacks, poisonRates, 'poisonRate');
    const labels = {...this.#labels.of(combination), ratio, clean: null};
    return this.#step({kind: 'attack', options, needs: [], labels}, wordsOfAttack(options));
  }

  #defense(combination: Combination, attack: PlannedStep | null): PlannedStep {
    const options = this.#options.ofDefense(combination, attack?.options ?? null);
    const {defenses, cleanRatios} = combination;
    const labels = {
      ...this.#labels.of(combination),
      ...{ratio: attack?.labels.ratio ?? null},
      clean: labelOf(defenses, cleanRatios, 'clean'),
    };
    const victim =
      attack === null ? [basename(String(options.ckpt))] : wordsOfAttack(attack.options);
    const clean = options.clean === undefined ? [] : [basename(String(options.clean))];
    const seed = attack?.options.seed === options.seed ? [] : [`s${options.seed}`];
    const words = [String(options.method), ...victim, ...clean, ...seed];
    const needs = attack === null ? [] : [attack.id];
    return this.#step({kind: 'defend', options, needs, labels}, words);
  }

  #step(
    step: Pick<PlannedStep, 'kind' | 'options' | 'needs' | 'labels'>,
    words: readonly string[],
  ): PlannedStep {
    const {kind, options, needs} = step;
    const id = idOf({kind, options, needs});
    const parent = kind === 'attack' ? 'attacks' : 'defenses';
    const name = words
      .join('-')
      .replaceAll(/[^\w.-]+/g, '_')
      .slice(0, MOST_READABLE);
    const short = `${parent}/${name}-${id.slice(0, 8)}`;
    const known = this.steps.get(id);
    const folder = known?.folder ?? (this.#folders.has(short) ? `${parent}/${name}-${id}` : short);
    const method = String(kind === 'attack' ? options.kind : options.method);
    return {...step, id, method, folder};
  }

  #add(step: PlannedStep): void {
    if (this.steps.has(step.id)) return;
    if (this.steps.size === MOST_STEPS) throw tooMany();
    this.#folders.add(step.folder);
    this.steps.set(step.id, step);
  }

  #isExcluded(combination: Combination): boolean {
    return this.#exclude.some(({values}) =>
      Object.entries(values).every(([axis, wanted]) =>
        RULE_AXES[axis as RuleAxis].some((one) => {
          const entry = combination[one];
          return entry !== undefined && wanted.some((value) => means(value, entry));
        }),
      ),
    );
  }
}

/** The runs of a matrix, before what is equal or excluded is left out. */
function runsOf(axes: Axes): number {
  const count = (...names: Axis[]) =>
    names.reduce((runs, name) => runs * Math.max(1, axes[name].length), 1);
  const made =
    axes.attacks.length === 0
      ? 0
      : count('attacks', 'data', 'models', 'poisonRates', 'attackSeeds');
  const seeds = axes.defenseSeeds.length;
  const own = axes.defenses.length * count('cleanRatios');
  const ofMade = made * own * (axes.isPaired ? 1 : Math.max(1, seeds));
  return made + ofMade + axes.victims.length * own * Math.max(1, seeds);
}

function tooMany(): SauError {
  const advice = 'Split it, or leave out what exclude can name';
  return planError(`at most ${MOST_STEPS} steps in a plan`, 'more', advice);
}

const MOST_READABLE = 80;

/** For people who look at folders: from the options alone, so that equal steps have equal folders whatever the plan. */
function wordsOfAttack({
  kind,
  data,
  dataset,
  model,
  program,
  poisonRate,
  seed,
}: UserOptions): string[] {
  const images = data ?? dataset ?? DEFAULT_DATASET;
  return [
    ...[String(kind), basename(String(images)), basename(String(model ?? program))],
    ...(poisonRate === undefined ? [] : [`p${poisonRate}`]),
    `s${seed}`,
  ];
}

/** Equal for what gives equal results, whatever the order of the options. */
function idOf({kind, options, needs}: Pick<PlannedStep, 'kind' | 'options' | 'needs'>): string {
  const that = Object.entries(options)
    .filter(([name]) => !WITHOUT_EFFECT.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([kind, that, needs]))
    .digest('hex')
    .slice(0, 16);
}

/** The value of an axis, for tables; of an entry that has its own that one. null where the plan has no such axis. */
function labelOf(entry: PlanEntry | undefined, axis: PlanEntry | undefined, option: string) {
  return axis === undefined ? null : String(entry?.options[option] ?? axis.name);
}

/** Every combination of one value of each axis; an axis without values takes no part. */
function* product(
  axes: Readonly<Partial<Record<Axis, readonly PlanEntry[]>>>,
): Generator<Combination> {
  const [first, ...rest] = Object.entries(axes) as [Axis, readonly PlanEntry[]][];
  if (first === undefined) {
    yield {};
    return;
  }
  const [axis, entries] = first;
  for (const entry of entries.length === 0 ? [undefined] : entries) {
    for (const more of product(Object.fromEntries(rest))) {
      yield entry === undefined ? more : {[axis]: entry, ...more};
    }
  }
}

/** What tables call the values of a plan: by their names, with the options where a name stands for several. */
class Labels {
  readonly #variants = new Map<string, Set<string>>();

  constructor(matrices: readonly Axes[]) {
    for (const matrix of matrices) {
      for (const axis of LABELLED) {
        for (const {name, options} of matrix[axis]) {
          const key = `${axis} ${name}`;
          const variants = this.#variants.get(key) ?? new Set();
          this.#variants.set(key, variants.add(JSON.stringify(options)));
        }
      }
    }
  }

  of(combination: Combination): Omit<StepLabels, 'ratio' | 'clean'> {
    const label = (axis: (typeof LABELLED)[number]) => this.#labelOf(axis, combination[axis]);
    return {
      attack: label('attacks'),
      victim: label('victims'),
      data: label('data'),
      model: label('models'),
      defense: label('defenses'),
    };
  }

  #labelOf(axis: Axis, entry: PlanEntry | undefined): string | null {
    if (entry === undefined) return null;
    const {name, options} = entry;
    const isAlone = (this.#variants.get(`${axis} ${name}`)?.size ?? 0) < 2;
    return isAlone ? name : [name, ...assignments(options)].join(' ');
  }
}

const LABELLED = [
  'attacks',
  'victims',
  'data',
  'models',
  'defenses',
] as const satisfies readonly Axis[];

function assignments(options: UserOptions): string[] {
  return Object.entries(options).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
}
