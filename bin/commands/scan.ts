import type {Command} from 'commander';
import {SCAN} from '../../lib/options/commands/scan.js';
import {officialNames} from '../../lib/options/official.js';
import {tableOf} from '../../lib/options/option.js';
import type {UserOptions} from '../../lib/options/parse.js';
import {RUN} from '../../lib/records/layout.js';
import type {ScanResult} from '../../lib/scan.js';
import {addFlagGroups, type Finish, layeredOptions, runs} from '../command.js';
import {offerDataOfModel, offeringData} from '../data_view.js';
import {EXIT, type ExitCode, inUsersWords} from '../errors.js';
import {
  addConfigFlag,
  addExamples,
  addOfficialFlags,
  addOutputFlags,
  flagGroups,
  keysOf,
} from '../flags.js';
import {longRun} from '../long_run.js';
import {duration, printResult} from '../output.js';
import {addSandboxFlag, sandboxed} from '../sandbox.js';
import {scanTable} from '../scan_table.js';

const OFFICIAL_NAMES = officialNames(tableOf(SCAN));

export function registerScan(program: Command, finish: Finish): void {
  const command = program
    .command('scan')
    .summary('look for a backdoor in a model')
    .description(
      'Looks for a class that is far easier to reach than the others, from clean images or from none. Ends with exit ' +
        'code 0 if it finds nothing, which never means clean, and with 10 if the model is suspicious.',
    );
  const flags = flagGroups(SCAN);
  addFlagGroups(command, flags);
  addConfigFlag(command);
  addSandboxFlag(command);
  addOutputFlags(command);
  addOfficialFlags(command, OFFICIAL_NAMES);
  addExamples(command, [
    'sau-native scan --ckpt model.pt --clean clean_images/ --mean .5,.5,.5 --std .5,.5,.5',
    'sau-native scan --ckpt record/badnet_demo --data data/cifar10 --preset quick',
    'sau-native scan --ckpt record/badnet_demo --data data/cifar10 --data-free --json > scan.json',
  ]);
  runs(command, finish, async (values) => {
    const {options, spell, notes} = await layeredOptions(
      values,
      keysOf(flags),
      () => OFFICIAL_NAMES,
    );
    return inUsersWords(() => scanModel(values, options, notes), spell);
  });
}

async function scanModel(
  values: UserOptions,
  options: UserOptions,
  notes: readonly string[],
): Promise<ExitCode> {
  const {parseScanConfig} = await import('../../lib/options/config.js');
  const config = parseScanConfig(options);
  if (!config.dataFree) await offerDataOfModel(values, config);
  await sandboxed(values, async () => {
    const {DEFAULT_OUT, needsOfModel} = await import('../../lib/sandbox/needs.js');
    const makes = config.out ?? DEFAULT_OUT.scan(config.ckpt);
    return {...needsOfModel(tableOf(SCAN), {...config}), makes};
  });
  const {scan} = await import('../../lib/scan.js');
  const {result, interrupted} = await offeringData(values, () =>
    longRun(values.quiet === true, notes, (run) => scan(config, run)),
  );
  await printResult(
    values.json === true,
    'scan',
    () => result,
    () => describe(result),
  );
  if (interrupted) return EXIT.interrupted;
  return result.verdict.state === 'suspicious' ? EXIT.suspicious : EXIT.done;
}

function describe(result: ScanResult): string {
  const {verdict, seconds, device, passes, folder, files, cleanSubset, report} = result;
  const images = cleanSubset === null ? 'no images' : `${cleanSubset.count} clean images`;
  const names = [...Object.values(files), ...(report === undefined ? [] : [RUN.report])].join(', ');
  return [
    scanTable(result),
    '',
    verdict.words,
    '',
    `${images}, ${passes.forward} + ${passes.backward} passes in ${duration(seconds)} on ${device}; saved in ${folder}:`,
    `  ${names}`,
  ].join('\n');
}
