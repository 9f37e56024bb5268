#pragma once
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

struct PredictOptions {
  ModelRole model;
  ImageRole images;
};

/// The class that a model assigns to each image of a role: int64 [N] on the host.
torch::Tensor predict(const Workspace& workspace, const PredictOptions& options,
                      const RunControl& control);

}  // namespace sau::jobs
