import type {Command} from 'commander';
import type {CheckpointDescription} from '../../lib/records/inspect.js';
import {type Finish, runs} from '../command.js';
import {EXIT} from '../errors.js';
import {addExamples, addFlags, flag} from '../flags.js';
import {printResult} from '../output.js';

export function registerInspect(program: Command, finish: Finish): void {
  const command = program
    .command('inspect')
    .argument('<path>', 'checkpoint file or record folder')
    .summary('show what is in a checkpoint without executing it')
    .description(
      'Shows what is in a checkpoint or a record folder. Executes nothing from it and needs no LibTorch.',
    );
  addFlags(command, 'Output:', [flag('json', '', 'print JSON on stdout')]);
  addExamples(command, [
    'sau-native inspect record/badnet_demo',
    'sau-native inspect defense_result.pt --json',
  ]);
  runs(command, finish, async (values, path) => {
    const {inspectCheckpoint} = await import('../../lib/records/inspect.js');
    const report = await inspectCheckpoint(path);
    const {stringify} = await import('yaml');
    printResult(values.json === true, report, () => stringify(brief(report)).trimEnd());
    return EXIT.done;
  });
}

/** The description with a line per tensor. */
function brief(report: CheckpointDescription): object {
  const {model} = report;
  if (model === null) {
    return report;
  }
  const tensors = model.tensors.map(({name, dtype, shape}) => [name, `${dtype} [${shape}]`]);
  return {...report, model: {...model, tensors: Object.fromEntries(tensors)}};
}
