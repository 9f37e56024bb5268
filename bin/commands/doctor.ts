import type {Command} from 'commander';
import {type Finish, runs} from '../command.js';
import {EXIT} from '../exit_codes.js';
import {addExamples, addFlags, flag} from '../flags.js';
import {printResult} from '../output.js';

export function registerDoctor(program: Command, finish: Finish): void {
  const command = program
    .command('doctor')
    .summary('check LibTorch and the devices, and say what to do')
    .description(
      'Says which LibTorch is used, from where, which devices there are, and what is wrong.',
    );
  addFlags(command, 'Output:', [flag('json', '', 'print JSON on stdout')]);
  addExamples(command, ['sau-native doctor', 'sau-native doctor --json']);
  runs(command, finish, async (values) => {
    const {doctor} = await import('../../lib/doctor.js');
    const report = await doctor();
    const {stringify} = await import('yaml');
    printResult(values.json === true, report, () => {
      const {problems, ...facts} = report;
      const advice = problems.map(({problem, remedy}) => `problem: ${problem}\n   so: ${remedy}`);
      return [
        stringify(facts).trimEnd(),
        '',
        ...(problems.length === 0 ? ['no problems'] : advice),
      ].join('\n');
    });
    if (report.problems.length === 0) {
      return EXIT.done;
    }
    return report.libtorch === null ? EXIT.libtorch : EXIT.failed;
  });
}
