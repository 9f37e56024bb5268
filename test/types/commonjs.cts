// The two ways in which TypeScript writes CommonJS.
import sau = require('sau-native');
import type {DefendResult, Run} from 'sau-native';

const run: Run<DefendResult> = sau.defend({ckpt: 'model.pt'});
export const session: Promise<sau.Session> = sau.createSession({} as sau.SessionOptions);
export const asPromise: Promise<DefendResult> = run;
