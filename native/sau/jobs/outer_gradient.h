#pragma once
#include <vector>

#include "sau/outer_step.h"
#include "sau/run_control.h"
#include "sau/state_dict.h"
#include "sau/workspace.h"

namespace sau::jobs {

struct OuterGradientOptions {
  ImageRole images;
  torch::Tensor indices;  ///< int64 [n] on the host
  torch::Tensor delta;    ///< n*3*H*W pixels in any shape
  SauLossOptions loss;
};

struct OuterGradient {
  double total, clean, adversarial, shared;
  torch::Tensor suspects;             ///< int64 [n] of 0 and 1, on the host
  std::vector<NamedTensor> gradient;  ///< on the host, contiguous
};

/// Losses and gradient of one outer step at given perturbations; no weight changes.
OuterGradient outer_gradient(Workspace& workspace, const OuterGradientOptions& options,
                             const RunControl& control);

}  // namespace sau::jobs
