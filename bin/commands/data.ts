import type {Command} from 'commander';
import type {FetchResult} from '../../lib/data.js';
import {DATA_FOLDER, DEFAULT_DATASET, FETCHED_NAMES, KNOWN} from '../../lib/datasets/known.js';
import {FETCH} from '../../lib/options/commands/commands.js';
import type {UserOptions} from '../../lib/options/parse.js';
import {addFlagGroups, type Finish, runs} from '../command.js';
import {fetchWithView} from '../data_view.js';
import {EXIT, type ExitCode, inUsersWords} from '../errors.js';
import {addExamples, addOutputFlags, flagGroups, flagName, keysOf, pick} from '../flags.js';
import {commandLine, nextLines} from '../next_steps.js';
import {printResult} from '../output.js';

const FLAGS = flagGroups(FETCH);

export function registerData(program: Command, finish: Finish): void {
  const names = FETCHED_NAMES.map((name) => `${name} (${KNOWN[name].title})`).join(', ');
  const command = program
    .command('data')
    .argument('<dataset>', FETCHED_NAMES.join(', '))
    .summary('fetch a data set from its authors')
    .description(
      `Fetches ${names} from their authors and unpacks the data set to <out>/<dataset>, where attack and defend look ` +
        'for it. The checksums are checked first, and a download that was stopped goes on where it was. Where it is ' +
        'there already, nothing is done.',
    );
  addFlagGroups(command, FLAGS);
  addOutputFlags(command);
  addExamples(command, [
    ...FETCHED_NAMES.map((name) => `sau-native data ${name}`),
    `sau-native data ${DEFAULT_DATASET} --out /datasets --from Downloads/`,
  ]);
  runs(command, finish, fetch);
}

async function fetch(values: UserOptions, dataset: string): Promise<ExitCode> {
  const options = {...pick(values, keysOf(FLAGS)), dataset};
  const result = await inUsersWords(
    () => fetchWithView(values.quiet === true, options),
    (name) => (name === 'dataset' ? '<dataset>' : flagName(name)),
  );
  await printResult(
    values.json === true,
    'data',
    () => result,
    () => describe(result, values.out),
  );
  return EXIT.done;
}

function describe(result: FetchResult, out: unknown): string {
  const {action, dataset, path, trainCount, testCount, numClasses} = result;
  const isUsual = dataset === DEFAULT_DATASET && (out === undefined || out === DATA_FOLDER);
  const command = commandLine('attack badnet', {
    data: isUsual ? null : path,
    saveFolderName: 'badnet_demo',
  });
  return [
    `${KNOWN[dataset].title} is ${action === 'present' ? 'already' : 'now'} in ${path}: ${trainCount} training and ${testCount} test images of ${numClasses} classes`,
    ...nextLines([{what: 'plant a backdoor in a model that learns from it', command}]),
  ].join('\n');
}
