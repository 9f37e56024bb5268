import type {Command} from 'commander';
import type {DoctorReport} from '../../lib/doctor.js';
import {type Finish, runs} from '../command.js';
import {EXIT, type ExitCode} from '../errors.js';
import {addExamples, addFlags, flag} from '../flags.js';
import {alignColumns, printResult, problemLines} from '../output.js';

export function registerDoctor(program: Command, finish: Finish): void {
  const command = program
    .command('doctor')
    .summary('check LibTorch and the devices, and say what to do')
    .description(
      'Says which LibTorch is used and from where, which devices there are, what is wrong and what to do. ' +
        'Changes nothing. Exit code 0: runs work; 1 or 3: they do not.',
    );
  addFlags(command, 'Output:', [flag('json', '', 'print JSON on stdout')]);
  addExamples(command, ['sau-native doctor', 'sau-native doctor --json']);
  runs(command, finish, async (values) => {
    const {doctor} = await import('../../lib/doctor.js');
    const {sizeOf} = await import('../../lib/download/disk.js');
    const report = await doctor();
    await printResult(
      values.json === true,
      'doctor',
      () => report,
      () => describe(report, sizeOf),
    );
    return exitCode(report);
  });
}

function exitCode({problems, libtorch}: DoctorReport): ExitCode {
  if (!problems.some(({severity}) => severity === 'error')) return EXIT.done;
  return libtorch === null ? EXIT.libtorch : EXIT.failed;
}

function describe(report: DoctorReport, sizeOf: (bytes: number) => string): string {
  const {problems, tried} = report;
  return [
    alignColumns(facts(report, sizeOf), 'left'),
    ...(tried.length === 0 ? [] : ['', 'LibTorch was looked for in:']),
    ...tried.map(({source, path, outcome}) => `  ${source}: ${path} (${outcome})`),
    ...problemLines(problems),
    ...(problems.length === 0 ? ['', 'no problems'] : []),
  ].join('\n');
}

/** What `--sandbox auto` comes to here. */
function sandboxLine({sandbox: {landlock, files, systemCalls, why}}: DoctorReport): string {
  const has = [
    ...(files ? [`files (Landlock ${landlock})`] : []),
    ...(systemCalls ? ['network and system calls (seccomp)'] : []),
  ];
  const what = has.length === 0 ? 'none' : `confines ${has.join(' and ')}`;
  return why === null ? what : `${what}: ${why}`;
}

/** One line per fact, with its name on the left. */
function facts(report: DoctorReport, sizeOf: (bytes: number) => string): [string, string][] {
  const {addon, libtorch, libraries, linking, driver, cuda, devices, proxies} = report;
  const free = report.cacheFreeBytes === null ? '' : ` (${sizeOf(report.cacheFreeBytes)} free)`;
  const missing = linking?.missing.map(({soname}) => soname).join(', ') ?? '';
  return [
    ['sau-native', report.sauNative],
    ['node', `${report.node} (Node-API ${report.nodeApi}, ABI ${report.nodeAbi})`],
    ['platform', report.platform],
    ...libraries.map(({name, found, needed}): [string, string] => [
      name,
      `${found ?? 'unknown'}${needed === null ? '' : `, needed ${needed}`}`,
    ]),
    [
      'addon',
      addon === null
        ? 'none'
        : `${addon.loader} (${addon.kind}, for LibTorch ${addon.libtorchVersion})`,
    ],
    [
      'LibTorch',
      libtorch === null
        ? 'none'
        : `${libtorch.version}, ${libtorch.cuda === null ? 'cpu' : `CUDA ${libtorch.cuda}`}, in ` +
          `${libtorch.root} (${libtorch.source})`,
    ],
    ...(linking === null
      ? []
      : [['libraries', missing === '' ? 'all found' : `missing: ${missing}`] as [string, string]]),
    [
      'driver',
      driver === null
        ? 'no NVIDIA driver'
        : `NVIDIA ${driver.version}: ${driver.gpus.join(', ') || 'no GPU named'}`,
    ],
    ['CUDA', `${cuda.usable ? 'usable' : 'not usable'}: ${cuda.why}`],
    [
      'CPU',
      devices === null
        ? 'not known'
        : `${devices.cpuCapability}, ${devices.threads} threads${devices.cpuBf16 ? ', bfloat16' : ''}`,
    ],
    ['sandbox', sandboxLine(report)],
    ['cache', `${report.cache}${free}`],
    ...proxies.map(({name, value}): [string, string] => [name, value]),
  ];
}
