import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {openEvidence} from '../../../lib/evidence/open_evidence.js';
import type {RunSummary} from '../../../lib/records/run_summary.js';
import {temporaryFolder} from '../../support/folders.js';

it('evidence of weights that cannot be read is missing, and the report says why', async () => {
  const folder = await temporaryFolder();
  mkdirSync(join(folder, 'defense_result.pt')); // which opens, and cannot be read
  const file = {path: join(folder, 'defense_result.pt'), sha256: 'a'};
  const summary = {kind: 'defend', checkpoint: file, result: {...file, path: 'defense_result.pt'}};
  const options = {evidence: true, data: null};
  const {evidence, missing} = await openEvidence(
    folder,
    summary as RunSummary,
    options as never,
    {},
  );
  expect(evidence).toBeNull();
  expect(missing[0]).toMatch(
    /could not be computed\. Expected a readable file at .*defense_result\.pt/,
  );
});
