import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {IS_BUILT} from '../support/paths.js';
import {NO_FAULTS, useFaults} from './control.js';
import {Service} from './service.js';
import {type Outcome, SORTS, Walk} from './walk.js';
import {writerScenes, writersModule} from './writers.js';

const CHOSEN = ['ENOSPC', 'short write', 'read-only from there'];

describe.skipIf(!IS_BUILT || NO_FAULTS !== null)('the writers of a result', () => {
  const world = useFaults();

  it('leave the earlier result or the new one, whichever call of the system fails', async () => {
    const {faults} = world;
    const service = new Service(faults, writersModule(faults.folder));
    const outcomes: Outcome[] = [];
    try {
      const [same, other] = [join(faults.folder, 'same'), join(faults.folder, 'other')];
      await service.call({name: 'write', args: [same]});
      await service.call({name: 'write', args: [other, {method: 'nc'}]});
      // The others, each call of each file and the kills are for the extended tests.
      const sorts = SORTS.filter(({name}) => CHOSEN.includes(name));
      for (const scene of writerScenes({same, other}).slice(-1)) {
        for await (const outcome of new Walk(faults, service).outcomes(
          {...scene, most: 1},
          sorts,
        )) {
          outcomes.push(outcome);
        }
      }
    } finally {
      service.stop();
    }
    expect(outcomes.filter(({kind}) => kind === 'wrong')).toEqual([]);
    expect(outcomes.filter(({kind}) => kind === 'kept').length).toBeGreaterThan(20);
  });
});
