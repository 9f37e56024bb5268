#include "sau/jobs/evaluate.h"

#include "sau/metrics.h"
#include "sau/precision.h"

namespace sau::jobs {

Metrics evaluate(const Workspace& workspace, const EvaluateOptions& options,
                 const RunControl& control) {
  const MeasuringGuard measuring(workspace.options());
  return measure(workspace.frozen(options.model, measuring_dtype(workspace.options())),
                 workspace.find_images(ImageRole::kCleanTest),
                 workspace.find_images(ImageRole::kPoisonedTest), options.batch_size, control);
}

}  // namespace sau::jobs
