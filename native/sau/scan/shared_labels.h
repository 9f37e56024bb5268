#pragma once
#include "sau/pgd_options.h"
#include "sau/scan/scene.h"

namespace sau {

/// The labels that shared adversarial perturbations lead to (scan G2).
struct SharedLabelsOptions {
  PgdOptions pgd;
};

template <class V>
void fields(V& v, SharedLabelsOptions& o) {
  v("pgd", o.pgd);
}

/// int64 [K] each, on the device.
struct SharedLabelCounts {
  torch::Tensor led;        ///< images that a perturbation leads to the class
  torch::Tensor reachable;  ///< images that have neither its label nor its prediction
};

/// The model attacks itself as trainee and reference. pixels: [N,3,H,W]; labels: int64 [N].
SharedLabelCounts count_shared_labels(const ScanScene& scene, const torch::Tensor& pixels,
                                      const torch::Tensor& labels,
                                      const SharedLabelsOptions& options,
                                      torch::Generator& generator);

/// The counts over a set. Figures: rate, led, reachable.
ScanFindings scan_shared_labels(const ScanScene& scene, const ImageSet& images,
                                const SharedLabelsOptions& options);

}  // namespace sau
