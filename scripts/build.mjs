// Builds everything in a clone: compiles the TypeScript, fetches LibTorch if there is none, then builds the addon.
//   node scripts/build.mjs [--ts-only]
import {compileAddon, compileTypeScript, libTorchForBuild} from './build_steps.mjs';

compileTypeScript();
if (!process.argv.includes('--ts-only')) compileAddon(await libTorchForBuild());
