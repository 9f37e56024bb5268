#include "sau/jobs/lf_pattern.h"

#include "sau/jobs/generator_input.h"

namespace sau::jobs {

LfPattern lf_pattern(Workspace& workspace, const LfOptions& options, const RunControl& control) {
  const auto model = generator_model(workspace, options.normalize);
  return make_lf_pattern(model, workspace.images(ImageRole::kTrain),
                         workspace.images(ImageRole::kCleanTest), options, workspace.generator(),
                         control);
}

}  // namespace sau::jobs
