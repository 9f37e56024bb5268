import {join} from 'node:path';
import {z} from 'zod';
import {SauError} from '../base/errors.js';
import {mapOf} from '../base/first_fault.js';
import {pathExists} from '../base/path_exists.js';
import {removeFiles, removeTemporariesOf} from '../base/whole_file.js';
import {FormatError} from '../checkpoint/checkpoint_error.js';
import {loadTensors, withCheckpointFile} from '../checkpoint/checkpoint_file.js';
import type {PickleValue} from '../checkpoint/pickle_writer.js';
import type {StateDict} from '../checkpoint/tensor.js';
import {writeTorchFile} from '../checkpoint/torch_zip_writer.js';
import {named} from '../options/named.js';
import type {Progress} from '../run/progress.js';
import type {RoundReport} from '../run/results.js';
import {exactJson, parseExactJson} from './exact_json.js';
import {DEFENSE_STATE, RESULTS} from './layout.js';
import {type Identity, identityIn, pickledTensors, tensorsOf, textOf} from './saved_state.js';

type TableRow = Extract<Progress, {kind: 'row'}>;
type Picture = Extract<Progress, {kind: 'picture'}>;

/** What a run has reported and its files have: rounds, rows of tables and pictures, in their order. */
export type Reported =
  | {readonly kind: 'round'; readonly report: RoundReport; readonly rounds: number}
  | TableRow
  | Picture;

/** A defense that was interrupted and can go on bit for bit. */
export interface DefenseState {
  /** What must be equal for a run to go on from it. */
  readonly identity: Identity;
  readonly facts: StateFacts;
  readonly reported: readonly Reported[];
  /** The trainee's weights, and what else the native core has left, as {@link Session.defend} tells it. */
  readonly state: StateDict;
}

const number = z.custom<number>((value) => typeof value === 'number', {error: 'a number'});
const metricsRule = z.object({
  ...{acc: number.nullable(), asr: number.nullable(), ra: number.nullable()},
  ...{cleanLoss: number.nullable(), poisonedLoss: number.nullable(), raLoss: number.nullable()},
  ...{cleanCount: number, poisonedCount: number},
});

const factsRule = z.object({
  /** The options of the run, with what a time budget has made of them. */
  config: z.record(z.string(), z.unknown()),
  /** When it began. */
  started: z.iso.datetime(),
  /** Of all sittings so far, of the whole run and of its method. */
  seconds: number,
  methodSeconds: number,
  /** That was used. */
  precision: z.string(),
  /** Of the backdoored model, and the seconds that measuring it took. */
  before: metricsRule,
  measuringSeconds: number,
});

/** What a run that goes on must know besides. */
export type StateFacts = z.infer<typeof factsRule>;

const reportedRule = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('round'),
    report: z.object({
      round: number,
      seconds: number,
      figures: mapOf(number.nullable()),
      metrics: metricsRule.nullable(),
    }),
    rounds: number,
  }),
  z.object({
    kind: z.literal('row'),
    table: z.string(),
    cells: mapOf(z.union([number, z.string(), z.null()])),
    metrics: metricsRule.nullable(),
  }),
  z.object({kind: z.literal('picture'), name: z.string(), height: number, width: number}),
]);

/** Keys of the file. A PyTorch program finds the weights under the first; the texts are JSON. */
const KEYS = {
  stateDict: 'model_state_dict',
  run: 'run_state_dict',
  pictures: 'pictures',
  identity: 'identity',
  facts: 'facts',
  reported: 'reported',
} as const;

/** Begins the names of the weights among what the native core tells. */
const TRAINEE = 'trainee.';

/** Writes the state whole or not at all, in the place of the one before. Throws ERR_OUTPUT. */
export async function writeDefenseState(
  folder: string,
  {identity, facts, reported, state}: DefenseState,
): Promise<void> {
  const pictures = reported.flatMap((one) => (one.kind === 'picture' ? [one] : []));
  const value = new Map<string, PickleValue>([
    [KEYS.stateDict, pickledTensors(weightsOf(state))],
    [KEYS.run, pickledTensors(withoutWeights(state))],
    [KEYS.pictures, pickledTensors(new Map(pictures.map(tensorOf)))],
    [KEYS.identity, JSON.stringify(identity)],
    [KEYS.facts, exactJson(facts)],
    [KEYS.reported, reported.map(lineOf).join('\n')],
  ]);
  await writeTorchFile(join(folder, DEFENSE_STATE), value);
}

/** Reads the state of an interrupted defense. Throws ERR_CHECKPOINT where there is none or it is damaged. */
export async function readDefenseState(folder: string): Promise<DefenseState> {
  if (!(await hasDefenseState(folder))) throw await nothingToResume(folder);
  return withCheckpointFile(
    join(folder, DEFENSE_STATE),
    async ({storages, value}): Promise<DefenseState> => {
      const dict: ReadonlyMap<unknown, unknown> = value instanceof Map ? value : new Map();
      const load = async (key: string) => loadTensors(storages, tensorsOf(dict, key));
      const weights = [...(await load(KEYS.stateDict))].map(
        ([name, tensor]) => [TRAINEE + name, tensor] as const,
      );
      const facts = factsRule.safeParse(parseExactJson(textOf(dict, KEYS.facts)));
      if (!facts.success) throw new FormatError('its facts are those of another version');
      const lines = textOf(dict, KEYS.reported).split('\n').filter(Boolean);
      const hasPictures = lines.some((line) => line.includes('"kind":"picture"'));
      const pictures: StateDict = hasPictures ? await load(KEYS.pictures) : new Map();
      return {
        identity: identityIn(textOf(dict, KEYS.identity)),
        facts: facts.data,
        reported: lines.map((line) => reportedOf(line, pictures)),
        state: new Map([...(await load(KEYS.run)), ...weights]),
      };
    },
  );
}

export function hasDefenseState(folder: string): Promise<boolean> {
  return pathExists(join(folder, DEFENSE_STATE));
}

/** Removes the state, and partial files that a killed process has left. Throws ERR_OUTPUT. */
export async function removeDefenseState(folder: string): Promise<void> {
  await removeFiles(folder, [DEFENSE_STATE]);
}

/** Removes the partial files alone. Throws ERR_OUTPUT. */
export async function removePartialStates(folder: string): Promise<void> {
  await removeTemporariesOf(folder, [DEFENSE_STATE]);
}

async function nothingToResume(folder: string): Promise<SauError> {
  for (const name of RESULTS) {
    if (!(await pathExists(join(folder, name)))) continue;
    return new SauError(
      'ERR_CHECKPOINT',
      `Expected ${DEFENSE_STATE} of an interrupted defense in ${folder} but found a finished one, ${name}: there is nothing to go on with.`,
      {
        remedy: `Leave out ${named('resume')} and set ${named('force')} to start anew.`,
        details: {folder},
      },
    );
  }
  return new SauError(
    'ERR_CHECKPOINT',
    `Expected ${DEFENSE_STATE} of an interrupted defense in ${folder} but there is none.`,
    {remedy: `Leave out ${named('resume')} to start anew.`, details: {folder}},
  );
}

function weightsOf(state: StateDict): StateDict {
  const weights = [...state].filter(([name]) => name.startsWith(TRAINEE));
  return new Map(weights.map(([name, tensor]) => [name.slice(TRAINEE.length), tensor]));
}

function withoutWeights(state: StateDict): StateDict {
  return new Map([...state].filter(([name]) => !name.startsWith(TRAINEE)));
}

function tensorOf({name, height, width, planes}: Picture) {
  return [name, {dtype: 'uint8', shape: [3, height, width], data: planes}] as const;
}

function lineOf(reported: Reported): string {
  if (reported.kind !== 'picture') return exactJson(reported);
  const {kind, name, height, width} = reported;
  return exactJson({kind, name, height, width});
}

function reportedOf(line: string, pictures: StateDict): Reported {
  const parsed = reportedRule.safeParse(parseExactJson(line));
  if (!parsed.success) throw new FormatError('what it has reported is that of another version');
  if (parsed.data.kind !== 'picture') return parsed.data;
  const picture = pictures.get(parsed.data.name);
  const {height, width} = parsed.data;
  if (picture === undefined || picture.data.length !== 3 * height * width) {
    throw new FormatError(`it has no picture ${parsed.data.name}`);
  }
  return {...parsed.data, planes: picture.data};
}
