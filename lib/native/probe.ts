// load_probe.ts runs this in a separate process. It loads LibTorch and prints the devices as JSON.
import {messageOf} from '../base/errors.js';
import {loadCore} from './binding.js';
import type {ProbeAnswer} from './load_probe.js';

loadCore()
  .then(async ({core}): Promise<ProbeAnswer> => ({devices: await core.deviceInfo()}))
  .catch((error: unknown): ProbeAnswer => {
    // The linker's message without advice, which the caller adds.
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return {error: {message: messageOf(cause)}};
  })
  .then((answer) => process.stdout.write(JSON.stringify(answer)));
