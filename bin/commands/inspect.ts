import type {Command} from 'commander';
import type {CheckpointDescription, ModelDescription} from '../../lib/records/description.js';
import {type Finish, runs} from '../command.js';
import {EXIT} from '../errors.js';
import {addExamples, addFlags, flag, flagName} from '../flags.js';
import {printResult} from '../output.js';

export function registerInspect(program: Command, finish: Finish): void {
  const command = program
    .command('inspect')
    .argument('<path>', 'checkpoint file, record folder or program (.pt2)')
    .summary('say whether a checkpoint can be purified, and what is in it')
    .description(
      'Says whether a checkpoint, a record folder or a program of torch.export can be purified, and shows what is in it. ' +
        'Executes nothing from it. Works without LibTorch, but then compares no weights. Exit code 0: it said yes or no; ' +
        '1: the file is missing, damaged or unsafe.',
    );
  addFlags(command, 'Output:', [
    flag('tensors', '', 'list every tensor'),
    flag('json', '', 'print JSON on stdout, with every tensor'),
  ]);
  addExamples(command, [
    'sau-native inspect record/badnet_demo',
    'sau-native inspect model.safetensors --tensors',
    'sau-native inspect model.pt2',
    'sau-native inspect defense_result.pt --json',
  ]);
  runs(command, finish, async (values, path) => {
    const {describeCheckpoint, inWords} = await import('../../lib/records/inspect.js');
    const report = inWords(await describeCheckpoint(path), flagName);
    const {stringify} = await import('yaml');
    printResult(values.json === true, report, () =>
      [
        verdictLine(report),
        stringify(brief(report, values.tensors === true), {lineWidth: 0}).trimEnd(),
      ].join('\n'),
    );
    return EXIT.done;
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
  const {purifiable, because, advice, path, format, architecture, model, ...others} = report;
  return withoutEmpty({
    ...{path, format, architecture},
    ...others,
    model: model === null ? null : briefModel(model, withTensors),
  });
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
