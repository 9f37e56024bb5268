#pragma once
#include "sau/net/graph_module.h"

namespace sau {

/// What a network says of images, and how that changes with them.
struct Response {
  torch::Tensor logits;    ///< float32 [N,K]
  torch::Tensor gradient;  ///< of the sum of the squared logits by the images: [N,3,H,W]
};

/// Of a network in evaluation mode at normalized images float32 [N,3,H,W], computed in a dtype; for
/// checks.
Response respond(GraphModule& module, const torch::Tensor& images, torch::ScalarType dtype);
/// Of the attacker's view of it.
Response respond_frozen(const GraphModule& module, const torch::Tensor& images,
                        torch::ScalarType dtype);

}  // namespace sau
