#pragma once
#include "sau/pgd_options.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

struct PerturbOptions {
  ImageRole images;
  torch::Tensor indices;  ///< int64 [n] on the host
  PgdOptions pgd;
};

/// Shared adversarial perturbation of chosen images: float32 [n,3,H,W] on the host, contiguous.
torch::Tensor perturb(Workspace& workspace, const PerturbOptions& options,
                      const RunControl& control);

}  // namespace sau::jobs
