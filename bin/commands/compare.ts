import type {Command} from 'commander';
import {SauError} from '../../lib/base/errors.js';
import type {CompareResult} from '../../lib/compare.js';
import {DEFENSE_NAMES} from '../../lib/defenses/defenses.js';
import {COMPARE} from '../../lib/options/commands/compare.js';
import type {CompareOptions} from '../../lib/options/documented.js';
import {type OfficialName, officialNames} from '../../lib/options/official.js';
import {tableOf} from '../../lib/options/option.js';
import type {UserOptions} from '../../lib/options/parse.js';
import {optionsOfDefense} from '../../lib/options/tables.js';
import {addFlagGroups, type Finish, layeredOptions, runs} from '../command.js';
import {createCompareView} from '../compare_view.js';
import {comparisonTable} from '../comparison_table.js';
import {EXIT, type ExitCode, inUsersWords} from '../errors.js';
import {
  addConfigFlag,
  addExamples,
  addOfficialFlags,
  addOutputFlags,
  compareFlags,
  keysOf,
} from '../flags.js';
import {interruptible} from '../long_run.js';
import {METHOD_OPTIONS, officialNamesOfMethod, withSettings} from '../method_settings.js';
import {duration, fileTable, madeHere, printResult} from '../output.js';
import {addSandboxFlag, sandboxed} from '../sandbox.js';

const OFFICIAL_NAMES: readonly OfficialName[] = [
  ...DEFENSE_NAMES.flatMap(officialNamesOfMethod),
  ...officialNames(tableOf(COMPARE)),
];

export function registerCompare(program: Command, finish: Finish): void {
  const command = program
    .command('compare')
    .summary('purify a checkpoint with several methods, side by side')
    .description(
      'Purifies one checkpoint with several methods and seeds, from the same clean images for all methods of a seed, and ' +
        'shows a table. Each run is a process and a folder of its own. What is done stays: the same command goes on ' +
        'after an interruption, and also with more methods or seeds.',
    );
  const flags = compareFlags();
  addFlagGroups(command, flags);
  command.options
    .find(({long}) => long === '--set')
    ?.argParser((text: string, before: readonly string[] = []) => [...before, text]);
  addConfigFlag(command);
  addSandboxFlag(command);
  addOutputFlags(command);
  addOfficialFlags(command, OFFICIAL_NAMES);
  addExamples(command, [
    'sau-native compare --ckpt record/badnet_demo --methods sau,ft --seeds 0,1,2 --data data/cifar10',
    'sau-native compare --ckpt record/badnet_demo --rounds 20 --set ft.learning-rate=0.02',
    'sau-native compare --ckpt model.pt --clean clean_images/ --config methods.yaml --json > table.json',
  ]);
  runs(command, finish, async (values) => {
    const {set, ...typed} = values;
    const own = [...new Set([...keysOf(flags), ...METHOD_OPTIONS, ...DEFENSE_NAMES])];
    const layered = await layeredOptions(typed, own, () => OFFICIAL_NAMES);
    const {options, notes} = withSettings(layered.options, set as readonly string[] | undefined);
    const told = [...layered.notes, ...notes];
    return inUsersWords(() => compareMethods(values, options, told), layered.spell);
  });
}

async function compareMethods(
  values: UserOptions,
  options: UserOptions,
  notes: readonly string[],
): Promise<ExitCode> {
  await sandboxed(values, async () => {
    const {parseCompareConfig} = await import('../../lib/compare/config.js');
    const {DEFAULT_OUT, needsOfModel} = await import('../../lib/sandbox/needs.js');
    const {shared, runs} = parseCompareConfig(options as unknown as CompareOptions);
    const needs = runs.map(({method, options: own}) =>
      needsOfModel(optionsOfDefense(method), {...own}),
    );
    const reads = [...new Set(needs.flatMap((each) => each.reads))];
    return {reads, makes: shared.out ?? DEFAULT_OUT.compare(shared.ckpt), spills: true};
  });
  const {compare} = await import('../../lib/compare.js');
  const view = createCompareView(values.quiet === true);
  const interrupted = (): SauError => {
    view.note('interrupted: stopping the run that goes on; Ctrl-C again stops at once');
    return new SauError(
      'ERR_ABORTED',
      'Interrupted. What is done is kept, and the last saved round of the run at hand: run the command again to go on',
    );
  };
  const result = await interruptible(
    interrupted,
    () => view.stop(),
    (signal) => {
      for (const note of notes) view.note(note);
      const {onProgress} = view;
      return compare(options as unknown as CompareOptions, {signal, onProgress});
    },
  );
  await printResult(
    values.json === true,
    'compare',
    async () => ({...(await madeHere()), seeds: seedsOf(result), ...result}),
    () => describe(result),
  );
  return result.failedRuns > 0 ? EXIT.failed : EXIT.done;
}

/** The seeds that all methods have. */
function seedsOf({methods}: CompareResult): readonly number[] {
  return [...new Set(methods.flatMap(({runs}) => runs.map(({seed}) => seed)))];
}

function describe(result: CompareResult): string {
  const {methods, keptRuns, failedRuns, seconds, files} = result;
  const all = methods.flatMap((method) => method.runs).length;
  const kept = keptRuns === 0 ? [] : [`${keptRuns} done before`];
  const failed = failedRuns === 0 ? [] : [`${failedRuns} without a result`];
  const columns = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  return [
    comparisonTable(result, columns, process.stdout),
    '',
    `${[`${all} runs`, ...kept, ...failed].join(', ')}, in ${duration(seconds)}; written:`,
    fileTable(files),
  ].join('\n');
}
