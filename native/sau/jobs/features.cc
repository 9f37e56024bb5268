#include "sau/jobs/features.h"

#include <vector>

#include "sau/device.h"
#include "sau/precision.h"

namespace sau::jobs {

torch::Tensor features(const Workspace& workspace, const FeaturesOptions& options,
                       const RunControl& control) {
  const auto& set = workspace.images(options.images);
  if (workspace.model(options.model).model().graph().find_head() == nullptr) return {};
  const torch::NoGradGuard no_grad;
  const MeasuringGuard measuring(workspace.options());
  const auto model = workspace.frozen(options.model, measuring_dtype(workspace.options()));
  const auto indices = options.indices.to(workspace.device());
  std::vector<torch::Tensor> pieces;
  for (const auto& piece : indices.split(model.images_per_pass(set.select(0, 1)))) {
    control.throw_if_cancelled();
    pieces.push_back(model.features(set.pixels(piece)));
  }
  return to_host(torch::cat(pieces));
}

}  // namespace sau::jobs
