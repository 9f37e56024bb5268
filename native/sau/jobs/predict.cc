#include "sau/jobs/predict.h"

#include "sau/predict.h"

namespace sau::jobs {

torch::Tensor predict(const Workspace& workspace, const PredictOptions& options,
                      const RunControl& control) {
  const auto model = workspace.frozen(options.model, torch::kFloat32);
  return sau::predict(model, workspace.images(options.images), control).to(torch::kCPU);
}

}  // namespace sau::jobs
