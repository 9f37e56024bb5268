// Prints what the prebuilt binaries need from the system, and fails if they cannot be packed.
//   node scripts/prebuild/check.mjs [--release] [--json] [--dir <folder that holds prebuilds/>]
// --release: a release has the binaries of all platforms, each with sau_cuda.so. Otherwise only those that are there are
// judged, and this machine's must be there.
import {parseArgs} from 'node:util';
import {root} from '../build_steps.mjs';
import {inspectAll} from './prebuilds.mjs';
import {stop, table} from './report.mjs';

const {values} = parseArgs({
  options: {
    release: {type: 'boolean', default: false},
    json: {type: 'boolean', default: false},
    dir: {type: 'string', default: root},
  },
});
const reports = inspectAll(values.dir, {isRelease: values.release});
const problems = Object.values(reports).flatMap((report) => report.problems);
if (values.json) console.log(JSON.stringify(reports));
else
  for (const [tuple, report] of Object.entries(reports)) console.log(`${tuple}\n${table(report)}`);
if (problems.length > 0) {
  stop(
    `Expected prebuilt binaries fit for ${values.release ? 'publishing' : 'packing'} but ` +
      `${problems.join('; ')}. ${values.release ? 'Make them as docs/releasing.md says.' : 'Run `npm run prebuilds`.'}`,
  );
}
