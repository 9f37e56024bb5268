#include "sau/jobs/adversarial_images.h"

#include "sau/jobs/generator_input.h"

namespace sau::jobs {

torch::Tensor adversarial_images(const Workspace& workspace, const AdversarialOptions& options,
                                 const RunControl& control) {
  const auto model = generator_model(workspace, options.normalize);
  return make_adversarial_images(model, workspace.images(ImageRole::kTrain), options, control);
}

}  // namespace sau::jobs
