#pragma once
#include <functional>
#include <vector>

#include "sau/net/taps.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau {

/// Passes images through the trainee in evaluation mode, without gradients and in float32, in
/// chunks that memory allows: take(k, value) gets what the k-th node gave for the images of a
/// chunk, chunk by chunk.
void pass_taps(const Workspace& workspace, const std::vector<size_t>& nodes, const ImageSet& images,
               const RunControl& control,
               const std::function<void(size_t k, const torch::Tensor& value)>& take);

/// Likewise of what norms take.
void pass_norm_inputs(const Workspace& workspace, const std::vector<NormSite>& norms,
                      const ImageSet& images, const RunControl& control,
                      const std::function<void(size_t k, const torch::Tensor& value)>& take);

}  // namespace sau
