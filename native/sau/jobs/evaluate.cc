#include "sau/jobs/evaluate.h"

#include "sau/metrics.h"

namespace sau::jobs {

Metrics evaluate(const Workspace& workspace, const EvaluateOptions& options,
                 const RunControl& control) {
  return measure(workspace.frozen(options.model, torch::kFloat32),
                 workspace.find_images(ImageRole::kCleanTest),
                 workspace.find_images(ImageRole::kPoisonedTest), options.batch_size, control);
}

}  // namespace sau::jobs
