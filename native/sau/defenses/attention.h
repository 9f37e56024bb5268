#pragma once
#include "sau/torch.h"

namespace sau {

/// The spatial attention of a map [N,C,H,W] (defenses E3): the sum over the channels of the p-th
/// powers of absolute values, divided by its L2 norm over the pixels: float32 [N,H*W].
torch::Tensor attention_of(const torch::Tensor& map, double power);

/// Mean squared difference of the attention of two maps of one size.
torch::Tensor attention_distance(const torch::Tensor& a, const torch::Tensor& b, double power);

}  // namespace sau
