// Builds everything in a clone: TypeScript, LibTorch where there is none, then the addon.
//   node scripts/build.mjs [--ts-only]
import {compileAddon, compileTypeScript, libTorchForBuild} from './build_steps.mjs';

compileTypeScript();
if (!process.argv.includes('--ts-only')) compileAddon(await libTorchForBuild());
