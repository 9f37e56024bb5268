import type {LibTorch} from '../native/libtorch.js';
import {SETUP_DEFAULTS} from '../options/defaults.js';
import {sizeOf} from './disk.js';
import {install} from './install.js';
import {readPins} from './pins.js';
import {planSetup, type SetupPlan} from './plan.js';
import {runOf} from './progress.js';

/**
 * Fetches the pinned LibTorch for a build in a clone, without asking. Any variant can be compiled against, so if
 * there is no CPU build it takes what pip has.
 */
export async function fetchForBuild(log: (line: string) => void): Promise<LibTorch> {
  const {version} = readPins();
  const plan = await planSetup(SETUP_DEFAULTS, version);
  const size = plan.fetchedBytes === null ? '' : ` (about ${sizeOf(plan.fetchedBytes)})`;
  log(`Fetching LibTorch ${version} to ${plan.destination}${size}: ${plan.from}`);
  const run = runOf({
    onProgress: (progress) => {
      if (progress.kind === 'pip') log(progress.line);
      else if (progress.kind !== 'bytes') log(progress.message);
    },
  });
  return (await install(anyVariant(plan), run)).libtorch;
}

function anyVariant(plan: SetupPlan): SetupPlan {
  const {source, version} = plan;
  if (source.kind !== 'pip') return plan;
  const attempts = [...source.attempts, {requirement: `torch==${version}`}];
  return {...plan, variant: null, anyVariantServes: true, source: {kind: 'pip', attempts}};
}
