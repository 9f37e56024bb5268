// Inputs of several readers as one target: the first byte says which file it is, the rest is its content.

/** A target of variants, each with `seeds()`, `mutate` and `run(content, folder)`. */
export function ofVariants(name, variants) {
  const variantOf = (bytes) => variants[(bytes[0] ?? 0) % variants.length];
  const content = (bytes) => bytes.subarray(1);
  return {
    name,
    mostBytes: 1 << 20,
    async seeds() {
      const lists = await Promise.all(variants.map((variant) => variant.seeds()));
      return lists.flatMap((seeds, i) => seeds.map((seed) => Buffer.concat([Buffer.of(i), seed])));
    },
    mutate(random, bytes, context) {
      const first = random.chance(0.01) ? random.below(variants.length) : (bytes[0] ?? 0);
      const other = () => content(context.other());
      const changed = variantOf(bytes).mutate(random, content(bytes), {...context, other});
      return Buffer.concat([Buffer.of(first), changed]);
    },
    run: (bytes, folder) => variantOf(bytes).run(content(bytes), folder),
  };
}
