import {dirname} from 'node:path';
import type {Command} from 'commander';
import {SauError} from '../../lib/base/errors.js';
import {printableLines} from '../../lib/base/printable.js';
import {labelText} from '../../lib/datasets/label_text.js';
import {INSPECT_DATASET} from '../../lib/options/commands/commands.js';
import {named} from '../../lib/options/named.js';
import {tableOf} from '../../lib/options/option.js';
import type {UserOptions} from '../../lib/options/parse.js';
import type {
  CheckpointDescription,
  DatasetDescription,
  ModelDescription,
  RecordDescription,
} from '../../lib/records/description.js';
import {addFlagGroups, type Finish, runs} from '../command.js';
import {datasetView} from '../dataset_view.js';
import {EXIT, type ExitCode} from '../errors.js';
import {addExamples, addFlags, flag, flagGroups, flagName, pick} from '../flags.js';
import {longRun} from '../long_run.js';
import {printResult} from '../output.js';
import {addSandboxFlag, sandboxed} from '../sandbox.js';

export function registerInspect(program: Command, finish: Finish): void {
  const flags = flagGroups({'Data set': DATASET_FLAGS});
  const command = program
    .command('inspect')
    .argument('<path>', 'checkpoint file, record folder, program (.pt2) or data set')
    .summary('say whether a checkpoint or a data set can be used, and what is in it')
    .description(
      'Says whether a checkpoint, a record folder or a program of torch.export can be purified, or a data set be used, and ' +
        'shows what is in it. Executes nothing from it. Works without LibTorch, but then compares no weights. Of image files ' +
        'it reads the headers. Exit code 0: it said yes or no; 1: a file is missing, damaged or unsafe.',
    );
  addFlags(command, 'Checkpoint:', [flag('tensors', '', 'list every tensor')]);
  addFlagGroups(command, flags);
  addSandboxFlag(command);
  addFlags(command, 'Output:', [
    flag('json', '', 'print JSON on stdout, with every tensor'),
    flag('quiet', '', 'no progress on stderr'),
  ]);
  addExamples(command, [
    'sau-native inspect record/badnet_demo',
    'sau-native inspect model.safetensors --tensors',
    'sau-native inspect model.pt2',
    'sau-native inspect defense_result.pt --json',
    'sau-native inspect data/cifar10 --preview classes.png',
  ]);
  runs(command, finish, async (values, path) => {
    const given = pick(values, Object.keys(DATASET_FLAGS));
    await sandboxed(values, async () => {
      const {placesOfCheckpoint} = await import('../../lib/sandbox/needs.js');
      const {preview} = given;
      const writes = preview === undefined ? [] : [dirname(nameOfPreview(preview))];
      return {reads: placesOfCheckpoint(path), writes};
    });
    const {inspectedAs} = await import('../../lib/inspect.js');
    const kind = given.dataset === undefined ? await inspectedAs(path) : 'dataset';
    if (kind === 'dataset') return showDataset(values, path, given);
    refuseOthers('a data set', given, path);
    return showCheckpoint(values, path);
  });
}

const {data: _, ...DATASET_FLAGS} = tableOf(INSPECT_DATASET);
const DEFAULT_PREVIEW = 'preview.png';

/** The flag may stand without a name. */
function nameOfPreview(given: unknown): string {
  return given === true ? DEFAULT_PREVIEW : String(given);
}

async function showDataset(
  values: UserOptions,
  data: string,
  given: UserOptions,
): Promise<ExitCode> {
  refuseOthers('a checkpoint', pick(values, ['tensors']), data);
  const preview = given.preview === undefined ? undefined : nameOfPreview(given.preview);
  const {inspectDataset} = await import('../../lib/inspect.js');
  const {parseInspectDatasetConfig} = await import('../../lib/options/config.js');
  const config = parseInspectDatasetConfig({...given, data, preview});
  const {result} = await longRun(values.quiet === true, [], (run) => inspectDataset(config, run));
  const {stringify} = await import('yaml');
  await printResult(
    values.json === true,
    'inspect-dataset',
    () => result,
    () =>
      printableLines(
        [
          result.usable ? 'can be used: yes' : `can be used: no, because ${result.because}`,
          stringify(datasetView(result), {lineWidth: 0}).trimEnd(),
        ].join('\n'),
      ),
  );
  return EXIT.done;
}

async function showCheckpoint(values: UserOptions, path: string): Promise<ExitCode> {
  const {describeCheckpoint, inWords} = await import('../../lib/records/inspect.js');
  const report = inWords(await describeCheckpoint(path), flagName);
  const {stringify} = await import('yaml');
  await printResult(
    values.json === true,
    'inspect-checkpoint',
    () => report,
    () =>
      printableLines(
        [
          verdictLine(report),
          stringify(brief(report, values.tensors === true), {lineWidth: 0}).trimEnd(),
        ].join('\n'),
      ),
  );
  return EXIT.done;
}

/** Throws ERR_CONFIG for flags of what the path is not. */
function refuseOthers(expected: string, given: UserOptions, path: string): void {
  const [name] = Object.keys(given);
  if (name === undefined) return;
  throw new SauError('ERR_CONFIG', `Expected ${expected} for ${named(name)} but ${path} is none.`, {
    remedy: `Leave ${named(name)} out, or name another path.`,
  });
}

/** "can be purified: yes", or why not and what to do. */
function verdictLine({purifiable, because, advice}: CheckpointDescription): string {
  if (purifiable === true) return 'can be purified: yes';
  const answer = purifiable === null ? 'unknown' : 'no';
  const line = `can be purified: ${answer}, because ${because}`;
  return advice === null ? line : `${line}\n${advice}\n`;
}

/** What is known, without what is not there; with a line for each tensor if these are wanted. */
function brief(report: CheckpointDescription, withTensors: boolean): object {
  const {purifiable, because, advice, path, format, architecture, model, record, ...others} =
    report;
  return withoutEmpty({
    ...{path, format, architecture},
    ...others,
    model: model === null ? null : briefModel(model, withTensors),
    record: record === null ? null : briefRecord(record),
  });
}

/** With the names of classes at their labels. */
function briefRecord({classTitles, train, test, ...record}: RecordDescription): object {
  const named = (labels: readonly number[]): readonly string[] =>
    labels.map((label) => labelText(label, classTitles?.[label]));
  const brief = (set: DatasetDescription | null): object | null =>
    set === null
      ? null
      : {
          ...set,
          attackLabels: named(set.attackLabels),
          originalLabels: named(set.originalLabels),
        };
  const {files, ...facts} = record;
  return {...facts, train: brief(train), test: brief(test), files};
}

function briefModel({tensors, ...model}: ModelDescription, withTensors: boolean): object {
  if (!withTensors) return withoutEmpty(model);
  const lines = tensors.map(({name, dtype, shape}) => [name, `${dtype} [${shape}]`]);
  return {...withoutEmpty(model), tensors: Object.fromEntries(lines)};
}

/** Without nulls and empty lists; a list of plain values is one line. */
function withoutEmpty(value: object): object {
  const entries = Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    if (item === null || (Array.isArray(item) && item.length === 0)) return [];
    if (Array.isArray(item)) return [[key, item.join(', ')]];
    return [[key, typeof item === 'object' ? withoutEmpty(item) : item]];
  });
  return Object.fromEntries(entries);
}
