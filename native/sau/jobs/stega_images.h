#pragma once
#include "sau/generators/stega_images.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

/// Hides a secret in the images of kTrain and kCleanTest. secret: uint8 [bits] on the host. Uses no
/// model.
StegaImages stega_images(Workspace& workspace, const torch::Tensor& secret,
                         const StegaOptions& options, const RunControl& control);

}  // namespace sau::jobs
