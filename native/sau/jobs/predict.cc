#include "sau/jobs/predict.h"

#include "sau/precision.h"
#include "sau/predict.h"

namespace sau::jobs {

torch::Tensor predict(const Workspace& workspace, const PredictOptions& options,
                      const RunControl& control) {
  const MeasuringGuard measuring(workspace.options());
  const auto model = workspace.frozen(options.model, measuring_dtype(workspace.options()));
  return sau::predict(model, workspace.images(options.images), control).to(torch::kCPU);
}

}  // namespace sau::jobs
