import type {Command} from 'commander';
import {KNOWN} from '../../lib/datasets/known.js';
import type {ModelInfo} from '../../lib/models.js';
import {type Finish, runs} from '../command.js';
import {EXIT} from '../errors.js';
import {addExamples, addFlags, flag} from '../flags.js';
import {alignColumns, madeHere, printResult} from '../output.js';

export function registerModels(program: Command, finish: Finish): void {
  const command = program
    .command('models')
    .summary('list the architectures that are known')
    .description(
      'Lists the architectures that --model names: the side of the images they were made for, their parameters (with ' +
        'ten classes), their multiply-accumulates (MACs) for one image of 32 and of 224 pixels, and the known data sets ' +
        'whose images they take. A * marks those that BackdoorBench publishes results of.\n\n' +
        'For another number of base channels append it: <name>_w<width>, such as resnet18_w16. A network that is not in ' +
        'the list is given with --program (docs/programs.md).',
    );
  addFlags(command, 'Output:', [flag('json', '', 'print JSON on stdout')]);
  addExamples(command, ['sau-native models', 'sau-native models --json']);
  runs(command, finish, async (values) => {
    const {models} = await import('../../lib/models.js');
    const list = await models();
    await printResult(
      values.json === true,
      'models',
      async () => ({...(await madeHere()), models: list}),
      () => table(list),
    );
    return EXIT.done;
  });
}

function table(list: readonly ModelInfo[]): string {
  return alignColumns([
    ['', 'made for', 'parameters', 'MACs at 32', 'MACs at 224', 'base channels', 'data sets'],
    ...list.map(({name, benchmark, inputSize, parameters, macs, width, datasets}) => [
      `${name}${benchmark ? ' *' : ''}`,
      `${inputSize} px`,
      millions(parameters),
      millions(macs[32]),
      millions(macs[224]),
      String(width),
      datasets.length === Object.keys(KNOWN).length ? 'all' : datasets.join(' '),
    ]),
  ]);
}

/** 11171146 -> "11.2 M"; "-" for what there is not. */
function millions(count: number | undefined): string {
  return count === undefined ? '-' : `${(count / 1e6).toFixed(1)} M`;
}
