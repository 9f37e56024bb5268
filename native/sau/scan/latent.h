#pragma once
#include "sau/net/taps.h"
#include "sau/scan/scene.h"

namespace sau {

/// The smallest change of inner values that leads all images to a class (scan G5).
struct LatentOptions {
  int64_t steps;  ///< at most; each allows a larger change
};

template <class V>
void fields(V& v, LatentOptions& o) {
  v("steps", o.steps);
}

/// What some places of a network have for images.
class InnerValues {
 public:
  explicit InnerValues(std::vector<InnerPlace> places)
      : places_(std::move(places)), pieces_(places_.size()) {}
  /// Those that fill it, pass by pass. It outlives them.
  Taps taps();
  const std::vector<InnerPlace>& places() const { return places_; }
  /// Of the k-th place so far: float32 [N,...].
  torch::Tensor all(size_t k) const { return torch::cat(pieces_[k]).to(torch::kFloat32); }

 private:
  std::vector<InnerPlace> places_;
  std::vector<std::vector<torch::Tensor>> pieces_;
};

/// Figures: size (the geometric mean over the places), sizeAtHalf, sizeAtThreeQuarters and
/// sizeAtEnd, in standard deviations of the channels; NaN where no change leads to the class, and
/// for a class without images of others. scene.model has the taps of values, which are empty yet.
ScanFindings scan_latent(const ScanScene& scene, const ImageSet& images, const InnerValues& values,
                         const LatentOptions& options);

}  // namespace sau
