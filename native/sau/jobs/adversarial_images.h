#pragma once
#include "sau/generators/adversarial_images.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

/// Adversarial versions of the images of kTrain for the trainee: uint8 [N,3,H,W] on the host.
torch::Tensor adversarial_images(const Workspace& workspace, const AdversarialOptions& options,
                                 const RunControl& control);

}  // namespace sau::jobs
