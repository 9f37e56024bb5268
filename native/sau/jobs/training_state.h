#pragma once
#include <vector>

#include "sau/state_dict.h"
#include "sau/workspace.h"

namespace sau::jobs {

/// What a training has left besides the weights, on the host: the generator, the optimizer's state,
/// the schedule's and that of an attack in the batches. Throws ERR_CONFIG where there was none, or
/// it was cut off within an epoch.
std::vector<NamedTensor> export_training(Workspace& workspace);

/// Takes the state of an export_training() of a session with the same options. Throws
/// ERR_CHECKPOINT.
void load_training(Workspace& workspace, const std::vector<NamedTensor>& state);

}  // namespace sau::jobs
