#pragma once
#include <optional>

#include "sau/net/graph_module.h"
#include "sau/state_dict.h"

namespace sau {

/// What a network says of images, and how that changes with them.
struct Response {
  torch::Tensor logits;           ///< float32 [N,K]
  torch::Tensor gradient;         ///< by the images: [N,3,H,W]
  torch::Tensor statistics = {};  ///< [S] running means and variances behind a training pass
};

/// Labels int64 [N] whose mean cross-entropy takes the gradient; without them it is the sum of the
/// squared logits.
using ResponseLabels = std::optional<torch::Tensor>;

/// Of a network in evaluation mode at normalized images float32 [N,3,H,W], computed in a dtype; for
/// checks. For float64 its weights become float64.
Response respond(GraphModule& module, const torch::Tensor& images, torch::ScalarType dtype,
                 const ResponseLabels& labels);
/// Likewise in training mode; seed: of what dropout and stochastic depth draw.
Response respond_in_training(GraphModule& module, const torch::Tensor& images,
                             torch::ScalarType dtype, const ResponseLabels& labels, uint64_t seed);
/// Of the attacker's view of it.
Response respond_frozen(const GraphModule& module, const torch::Tensor& images,
                        torch::ScalarType dtype, const ResponseLabels& labels);
/// How the sum of the squared logits of a network in evaluation mode changes with its parameters,
/// under their keys; zeros for those that it does not use.
std::vector<NamedTensor> respond_weights(GraphModule& module, const torch::Tensor& images);

}  // namespace sau
