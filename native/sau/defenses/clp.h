#pragma once
#include "sau/defenses/pruning.h"

namespace sau {

/// Channel Lipschitz pruning (defenses E9): cuts channels of batch norms whose bound on the
/// Lipschitz constant, from the weights of the convolution before and of the norm, is far above
/// that of the others. Needs no images, except those that choose u.
class ClpDefense final : public OutlierPruning {
 public:
  static constexpr const char* kName = "clp";
  using Options = OutlierOptions;

  /// Throws ERR_CONFIG for a model whose norms do not follow convolutions of their widths in the
  /// order of the state dict.
  ClpDefense(Workspace& workspace, const OutlierOptions& options, const RunControl& control);

 protected:
  ByNorm score(const RunControl& control) override;

 private:
  std::vector<size_t> kernels_;  ///< the weight of the convolution of each norm
};

}  // namespace sau
