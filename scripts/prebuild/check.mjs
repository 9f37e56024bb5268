// Prints what the prebuilt binaries need from the system, and fails if they cannot be packed.
//   node scripts/prebuild/check.mjs [--release] [--json] [--dir <folder that holds prebuilds/>]
// --release: checks the demands of a release, that is sau_cuda.so and no higher floor than LibTorch's own.
import {parseArgs} from 'node:util';
import {compileTypeScript, platforms, root} from '../build_steps.mjs';
import {folderOf, inspectPrebuilds} from './prebuilds.mjs';
import {stop, table} from './report.mjs';

const {values} = parseArgs({
  options: {
    release: {type: 'boolean', default: false},
    json: {type: 'boolean', default: false},
    dir: {type: 'string', default: root},
  },
});
compileTypeScript(); // the table of platforms is part of the package
const platform = platforms().thisPlatform();
const report = inspectPrebuilds(folderOf(platform, values.dir), platform, {
  isRelease: values.release,
});
console.log(values.json ? JSON.stringify(report) : table(report));
if (report.problems.length > 0) {
  stop(
    `Expected prebuilt binaries fit for ${values.release ? 'publishing' : 'packing'} but ` +
      `${report.problems.join('; ')}. ${values.release ? 'Make them as docs/releasing.md says.' : 'Run `npm run prebuilds`.'}`,
  );
}
