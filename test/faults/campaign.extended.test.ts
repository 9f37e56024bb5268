import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {useDataWorld} from '../support/data_world.js';
import {IS_BUILT} from '../support/paths.js';
import {NO_FAULTS, useFaults} from './control.js';
import {
  attackScenes,
  dataScenes,
  defenseScenes,
  longScenes,
  readingScenes,
  type Stage,
  setStage,
  setupScenes,
} from './scenes.js';
import {Service} from './service.js';
import {tableOf} from './table.js';
import {type Outcome, type Scene, Walk} from './walk.js';
import {writerScenes, writersModule} from './writers.js';

/** A group takes minutes: thousands of runs. */
const PATIENCE = 3_600_000;

describe.skipIf(!IS_BUILT || NO_FAULTS !== null)('a fault at any call of the system', () => {
  const world = useFaults();
  const fetched = useDataWorld();
  const outcomes: Outcome[] = [];
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage(join(world.faults.folder, 'stage'));
  });
  afterAll(() => {
    console.log(tableOf(outcomes));
  });

  const walk = async (scenes: readonly Scene[], entry?: string): Promise<void> => {
    const service = new Service(world.faults, entry);
    const found: Outcome[] = [];
    try {
      for (const scene of scenes) {
        for await (const outcome of new Walk(world.faults, service).outcomes(scene)) {
          found.push(outcome);
        }
        console.log(tableOf(found.filter((outcome) => outcome.scene === scene.name)));
      }
    } finally {
      service.stop();
    }
    outcomes.push(...found);
    expect(found.filter(({kind}) => kind === 'wrong')).toEqual([]);
  };

  it(
    'leaves what the writers write valid',
    async () => {
      const {folder} = world.faults;
      const entry = writersModule(folder);
      const service = new Service(world.faults, entry);
      const [same, other] = [join(folder, 'same'), join(folder, 'other')];
      await service.call({name: 'write', args: [same]});
      await service.call({name: 'write', args: [other, {method: 'nc'}]});
      service.stop();
      await walk(writerScenes({same, other}), entry);
    },
    PATIENCE,
  );
  it('leaves a defense valid', async () => walk(await defenseScenes(stage)), PATIENCE);
  it('leaves an attack valid', async () => walk(await attackScenes(stage)), PATIENCE);
  it('leaves what reads valid', async () => walk(await readingScenes(stage)), PATIENCE);
  it('leaves comparisons and the demo valid', async () => walk(longScenes(stage)), PATIENCE);
  it(
    'leaves the cache of LibTorch valid',
    async () => walk(await setupScenes(join(world.faults.folder, 'setup'))),
    PATIENCE,
  );
  it(
    'leaves data sets valid',
    async () => {
      const folder = join(world.faults.folder, 'archives');
      mkdirSync(folder);
      for (const [name, data] of fetched.archives) writeFileSync(join(folder, name), data);
      await walk(dataScenes(folder), fetched.program.replace('bin/sau-native.js', 'lib/index.js'));
    },
    PATIENCE,
  );
});
