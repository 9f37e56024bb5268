#include "sau/jobs/perturb.h"

#include "sau/device.h"
#include "sau/unlearner.h"

namespace sau::jobs {

torch::Tensor perturb(Workspace& workspace, const PerturbOptions& options,
                      const RunControl& control) {
  const Unlearner unlearner(workspace, options.images, control);
  const auto batch = unlearner.batch(options.indices.to(workspace.device()));
  const auto start = unlearner.start_of(batch.pixels, options.pgd);
  const auto found = unlearner.perturb(batch, start, options.pgd);
  require_unbroken(found.broken.item<int64_t>(), unlearner.precision());
  return to_host(found.delta);
}

}  // namespace sau::jobs
