// Counts of arithmetic, by formula. The unit of a procedure is F: one forward pass of one image.

/**
 * The cost in F per image. A backward pass to the input costs 1, to input and weights 2.
 *
 * Official PGD step: clean and perturbed forward of both nets (4), full backward of both (4). Official outer step:
 * trainee forward (2) and backward (4) on clean and perturbed images, reference forward on both (2). Native PGD
 * step: perturbed forward (2) and input backward (2); the clean predictions of both nets once (2). Native outer
 * step: as the official one. In a round the trainee's clean pass serves PGD and outer step: 4 steps + 7, and 1 more
 * for the reference's clean predictions, once a run (27 + 1 for five steps). Other savings (rows that leave early,
 * cached gradients) depend on the data and are not counted.
 */
export const OFFICIAL = {
  pgd: (steps) => 8 * steps,
  outer: () => 8,
  round: (steps) => 8 * steps + 8,
};
export const NATIVE = {
  pgd: (steps) => 4 * steps + 2,
  outer: () => 8,
  round: (steps) => 4 * steps + 7 + 1,
};

/**
 * The cost of a whole part in F as {official, native}; null if a part is not arithmetic. `steps`: PGD steps that
 * the baseline took (it stops early only when all images of a batch are shared).
 */
export function partForwards(part, {batch, clean, cleanTest, poisonedTest, steps}) {
  const both = (images) => ({
    official: images * OFFICIAL[part](steps),
    native: images * NATIVE[part](steps),
  });
  const evaluation = {official: cleanTest + 2 * poisonedTest, native: cleanTest + poisonedTest};
  switch (part) {
    case 'pgd':
    case 'outer':
      return both(batch);
    case 'round':
      return both(clean);
    case 'evaluation':
      return evaluation;
    case 'training': // forward and backward to input and weights
      return {official: 3 * clean, native: 3 * clean};
    case 'defend': // measured before and after
      return {
        official: clean * OFFICIAL.round(steps) + 2 * evaluation.official,
        native: clean * NATIVE.round(steps) + 2 * evaluation.native,
      };
    default:
      return null;
  }
}
