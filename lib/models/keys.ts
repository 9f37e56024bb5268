/**
 * The key of a weight in the form that checkpoints of one network have in common: BackdoorBench puts a resize before
 * a ViT, so that each of its keys begins with `1.`, and torchvision 0.12 has other names for the layers of its MLP
 * (models E1).
 */
export function commonKey(key: string): string {
  return key
    .replace(/^1\./, '')
    .replace(/\.mlp\.linear_1\./, '.mlp.0.')
    .replace(/\.mlp\.linear_2\./, '.mlp.3.');
}
