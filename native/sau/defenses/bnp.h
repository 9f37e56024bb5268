#pragma once
#include "sau/defenses/pruning.h"

namespace sau {

/// Batch norm pruning (defenses E10): cuts channels whose statistics over the clean images are far
/// from the running ones, by the divergence of normal distributions. Exact over all images, so that
/// batches do not matter.
class BnpDefense final : public OutlierPruning {
 public:
  static constexpr const char* kName = "bnp";
  using Options = OutlierOptions;

  BnpDefense(Workspace& workspace, const OutlierOptions& options, const RunControl& control);

 protected:
  ByNorm score(const RunControl& control) override;
};

}  // namespace sau
