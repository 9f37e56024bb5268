// Run by doctor in a process of its own: loads LibTorch and prints what it sees as JSON.
import {messageOf} from '../errors.js';
import {loadCore} from './binding.js';

loadCore()
  .then(async ({core}) => ({devices: await core.deviceInfo()}))
  .catch((error: unknown) => ({error: messageOf(error)}))
  .then((answer) => process.stdout.write(JSON.stringify(answer)));
