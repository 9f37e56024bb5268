import type {NativeStegaOptions} from '../../lib/native/attack_contract.js';
import {generatorFacts, imageSetOf, tensorOf, tensorsOf} from './oracle.js';
import {tinySession} from './sessions.js';

/** What the steganographic encoder makes of the oracle's images, trained as the oracle's but for the changes. */
export async function stegaImages(changes: Partial<NativeStegaOptions> = {}) {
  const fixture = await tensorsOf('generators.pt');
  using session = await tinySession({seed: generatorFacts.seed});
  const train = imageSetOf(await tensorsOf('training.pt'));
  await session.setImages('train', train);
  await session.setImages('cleanTest', imageSetOf(await tensorsOf('tiny_batch.pt')));
  const secret = tensorOf(fixture, 'stega.secret').data;
  const made = await session.stegaImages(secret, {...generatorFacts.stega, ...changes});
  return {...made, clean: train.images, fixture};
}
