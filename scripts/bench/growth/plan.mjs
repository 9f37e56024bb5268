// The points to measure: in each dimension one quantity grows, and all others stay at BASE.

/** `images`: clean images of a round. */
export const BASE = {images: 128, side: 32, classes: 10, rounds: 1};
/** Images of a batch, so that a round of `images` has images / BATCH steps. */
export const BATCH = 64;

const FULL = {
  images: [64, 128, 256, 512, 1024],
  side: [16, 24, 32, 48, 64],
  classes: [10, 43, 100, 200],
  rounds: [60],
};
const QUICK = {images: [64, 128], side: [16, 32], classes: [10, 43], rounds: [8]};

/** The dimensions as [{key, title, unit, points: [{images, side, classes, rounds}]}]. */
export function dimensions(quick) {
  const sizes = quick ? QUICK : FULL;
  const dimension = (key, title, unit) => ({
    ...{key, title, unit},
    points: sizes[key].map((size) => ({...BASE, [key]: size})),
  });
  return [
    dimension('images', 'clean images', 'image'),
    dimension('side', 'image side in pixels', 'pixel of side'),
    dimension('classes', 'classes', 'class'),
    dimension('rounds', 'rounds of one run', 'round'),
  ];
}

/**
 * Batches of a warm-up, as many as the longest round has. The allocator's store grows over the first dozen batches,
 * and a short round must not have a smaller peak just because of that.
 */
export function warmUpBatches(quick) {
  return Math.ceil(Math.max(...(quick ? QUICK : FULL).images) / BATCH);
}

/** The quantities that the network of a point depends on. */
export function netOf({side, classes}) {
  return `${side}px-${classes}classes`;
}
