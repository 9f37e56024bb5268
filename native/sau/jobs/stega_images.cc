#include "sau/jobs/stega_images.h"

namespace sau::jobs {

StegaImages stega_images(Workspace& workspace, const torch::Tensor& secret,
                         const StegaOptions& options, const RunControl& control) {
  return make_stega_images(workspace.images(ImageRole::kTrain),
                           workspace.images(ImageRole::kCleanTest), secret, options,
                           workspace.options().seed, workspace.generator(), control);
}

}  // namespace sau::jobs
