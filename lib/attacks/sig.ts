import type {OwnOptions} from '../options/attacks/attacks.js';
import {addPattern} from './add_pattern.js';
import type {AttackContext, Triggers} from './attack_context.js';

/**
 * SIG (specification B4.3): a horizontal sine wave, equal in all rows and channels, in training and test. The wave
 * is computed in double and stored in single precision, because at its zero crossings rounding noise decides
 * between two gray levels.
 */
export async function sig(
  {delta, frequency}: OwnOptions<'sig'>,
  {size}: Pick<AttackContext, 'size'>,
): Promise<Triggers> {
  const {height, width} = size;
  const wave = Float32Array.from(
    {length: width},
    (_, column) => delta * Math.sin((2 * Math.PI * column * frequency) / width),
  );
  const pattern = Float32Array.from(
    {length: 3 * height * width},
    (_, i) => wave[i % width] ?? Number.NaN,
  );
  const trigger = addPattern(pattern);
  return {train: trigger, test: trigger};
}
