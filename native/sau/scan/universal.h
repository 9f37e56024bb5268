#pragma once
#include "sau/scan/scene.h"

namespace sau {

/// One perturbation for all images, towards a class (scan G3).
struct UniversalOptions {
  double bound;      ///< of a pixel's change, pixels in [0,1]
  double step_size;  ///< of a sign step, pixels in [0,1]
  int64_t steps;
};

template <class V>
void fields(V& v, UniversalOptions& o) {
  v("bound", o.bound);
  v("stepSize", o.step_size);
  v("steps", o.steps);
}

struct UniversalPerturbation {
  torch::Tensor delta;         ///< [1,3,H,W]
  std::vector<double> losses;  ///< mean cross entropy towards the class, before each step
};

/// Lowers the mean cross entropy towards a class over the images at positions, int64 [n].
UniversalPerturbation universal_perturbation(const ScanScene& scene, const ImageSet& images,
                                             const torch::Tensor& positions, int64_t target,
                                             const UniversalOptions& options);

/// The mean cross entropy towards a class, and the share of the images that it takes, at a
/// perturbation.
struct UniversalOutcome {
  double loss, rate;
};
UniversalOutcome at_perturbation(const ScanScene& scene, const ImageSet& images,
                                 const torch::Tensor& positions, int64_t target,
                                 const torch::Tensor& delta);

/// The positions of images of other classes than a target: int64 [n].
torch::Tensor other_classes(const ImageSet& images, const torch::Tensor& positions, int64_t target);

/// A perturbation from one half of the images for each class, measured on the other half. Figures:
/// rate (with the perturbation, minus without it), before, after. NaN for a class without images
/// of other classes in both halves.
ScanFindings scan_universal(const ScanScene& scene, const ImageSet& images,
                            const UniversalOptions& options);

}  // namespace sau
