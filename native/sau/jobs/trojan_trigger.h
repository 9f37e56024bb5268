#pragma once
#include "sau/generators/trojan_trigger.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

/// A trigger for the trainee. start: uint8 [3,H,W] on the host.
TrojanTrigger trojan_trigger(const Workspace& workspace, const torch::Tensor& start,
                             const TrojanOptions& options, const RunControl& control);

}  // namespace sau::jobs
