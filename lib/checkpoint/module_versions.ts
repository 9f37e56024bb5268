import {OrderedDict} from './pickle_values.js';

/** A module whose version PyTorch compares. All others are of version 1. */
const BATCH_NORM_VERSION = 2;

/** Networks whose own module has a version that its loader compares, by the beginning of their names. */
const NETWORK_VERSIONS: Readonly<Record<string, number>> = {mnasnet: 2};

/**
 * The `_metadata` of a state dict: the version of each module that holds weights, by its path, as
 * `module.state_dict()` has it. Some modules refuse weights of no version, or convert those of an older one.
 */
export function moduleVersions(modelName: string, weights: readonly string[]): OrderedDict {
  const held = new Map<string, number>([['', weights.length]]);
  const norms = new Set<string>();
  for (const weight of weights) {
    const dots = [...weight.matchAll(/\./g)].map(({index}) => index);
    for (const dot of dots) {
      const path = weight.slice(0, dot);
      held.set(path, (held.get(path) ?? 0) + 1);
    }
    if (weight.endsWith('.num_batches_tracked')) norms.add(weight.slice(0, dots.at(-1)));
  }
  const network = Object.entries(NETWORK_VERSIONS).find(([name]) => modelName.startsWith(name));
  // The network is what holds every weight, also inside a wrapper such as DataParallel.
  const versionOf = (path: string, count: number): number =>
    norms.has(path) ? BATCH_NORM_VERSION : count === weights.length ? (network?.[1] ?? 1) : 1;
  return new OrderedDict(
    [...held].map(([path, count]) => [path, new Map([['version', versionOf(path, count)]])]),
  );
}
