#include "sau/jobs/outer_gradient.h"

#include "sau/device.h"
#include "sau/unlearner.h"

namespace sau::jobs {

OuterGradient outer_gradient(Workspace& workspace, const OuterGradientOptions& options,
                             const RunControl& control) {
  auto& module = workspace.model(ModelRole::kTrainee).model();
  // Training mode moves the running statistics.
  const auto before = workspace.export_state(ModelRole::kTrainee);
  module.zero_grad();
  const Unlearner unlearner(workspace, options.images, control);
  const auto batch = unlearner.batch(options.indices.to(workspace.device()));
  const auto delta = options.delta.view(batch.pixels.sizes()).to(workspace.device());
  const auto losses = unlearner.accumulate(batch, unlearner.perturbation(batch, delta),
                                           options.loss, OuterRows::kAll);
  OuterGradient result{losses.total.item<double>(),
                       losses.clean.item<double>(),
                       losses.adversarial.item<double>(),
                       losses.shared.item<double>(),
                       to_host(losses.suspects.to(torch::kInt64)),
                       gradients_of(module)};
  module.zero_grad();
  load_state_dict(module, before);
  return result;
}

}  // namespace sau::jobs
