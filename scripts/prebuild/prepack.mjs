// npm runs this before it packs. There is no tarball without matching binaries, and dist/ is compiled from the
// present sources only.
import {rmSync} from 'node:fs';
import {join} from 'node:path';
import {compileTypeScript, root} from '../build_steps.mjs';
import {inspectAll} from './prebuilds.mjs';
import {stop} from './report.mjs';

rmSync(join(root, 'dist'), {recursive: true, force: true});
// Source maps are left out, because they would name sources that the package does not contain.
compileTypeScript('--sourceMap', 'false', '--declarationMap', 'false');
const reports = Object.values(inspectAll(root, {isRelease: false}));
const problems = reports.flatMap((report) => report.problems);
if (problems.length > 0) {
  stop(
    `Expected prebuilt binaries for the package but ${problems.join('; ')}. Run \`npm run prebuilds\`, then pack again.`,
  );
}
