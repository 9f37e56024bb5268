#pragma once
#include "sau/scan/scene.h"

namespace sau {

/// The search for images of the largest margin (scan G4).
struct MarginOptions {
  int64_t starts;      ///< random images for each class
  int64_t iterations;  ///< at most
  double step_size;    ///< of gradient descent, pixels in [0,1]
  double tolerance;    ///< relative change of the loss below which the search of a class ends
  int64_t height, width;
};

template <class V>
void fields(V& v, MarginOptions& o) {
  v("starts", o.starts);
  v("iterations", o.iterations);
  v("stepSize", o.step_size);
  v("tolerance", o.tolerance);
  v("height", o.height);
  v("width", o.width);
}

/// What the search for a class came to.
struct MarginSearch {
  std::vector<double> losses;  ///< minus the sum of the margins, at each evaluated iterate
  double margin;               ///< the largest at the last of them
};

/// Raises the margin of each class over the largest other logit, from images [R,3,H,W] for each
/// label. The images may leave [0,1]; the model sees them clamped.
/// iteration_done: hears the number of iterations so far.
std::vector<MarginSearch> maximize_margins(const ScanScene& scene,
                                           const std::vector<int64_t>& labels,
                                           const std::vector<torch::Tensor>& starts,
                                           const MarginOptions& options,
                                           const std::function<void(int64_t)>& iteration_done);

/// The margins of all classes from random images. Figures: margin, iterations.
ScanFindings scan_margins(const ScanScene& scene, const MarginOptions& options);

}  // namespace sau
