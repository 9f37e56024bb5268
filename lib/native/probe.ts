// Run by load_probe.ts in a process of its own: loads LibTorch and prints what it sees as JSON.
import {messageOf} from '../base/errors.js';
import {loadCore} from './binding.js';
import type {ProbeAnswer} from './load_probe.js';

loadCore()
  .then(async ({core}): Promise<ProbeAnswer> => ({devices: await core.deviceInfo()}))
  .catch((error: unknown): ProbeAnswer => {
    // What the linker said, without the advice around it, which the caller gives.
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return {error: {message: messageOf(cause)}};
  })
  .then((answer) => process.stdout.write(JSON.stringify(answer)));
