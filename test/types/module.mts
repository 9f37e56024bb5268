// The ES module entry has its own declarations, with the same names and types.
import * as sau from 'sau-native';
import type {Progress} from 'sau-native';

export async function listen(): Promise<sau.DefendResult> {
  const run: sau.Run<sau.DefendResult> = sau.defend({ckpt: 'model.pt'});
  for await (const progress of run) {
    const same: Progress = progress;
    console.log(same.kind);
  }
  return await run;
}
// @ts-expect-error there is no default export
export {default} from 'sau-native';
