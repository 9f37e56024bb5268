#include "sau/jobs/trojan_trigger.h"

#include "sau/jobs/generator_input.h"

namespace sau::jobs {

TrojanTrigger trojan_trigger(const Workspace& workspace, const torch::Tensor& start,
                             const TrojanOptions& options, const RunControl& control) {
  return make_trojan_trigger(workspace.model(ModelRole::kTrainee),
                             generator_input(workspace, options.normalize), start, options,
                             control);
}

}  // namespace sau::jobs
