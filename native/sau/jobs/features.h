#pragma once
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

struct FeaturesOptions {
  ModelRole model;
  ImageRole images;
  torch::Tensor indices;  ///< int64 [n] on the host
};

/// What the last layer of a model takes, for chosen images of a role: float32 [n,F] on the host;
/// undefined of a program that does not end with a linear layer.
torch::Tensor features(const Workspace& workspace, const FeaturesOptions& options,
                       const RunControl& control);

}  // namespace sau::jobs
