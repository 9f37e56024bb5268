#pragma once
#include "sau/net/graph.h"
#include "sau/torch.h"

namespace sau {

/// Whether a frozen convolution gains by point_convolution() in this thread's passes: on one thread
/// of a CPU LibTorch computes 1x1 convolutions of fewer than 16 images as plain matrix products,
/// which oneDNN beats by a quarter.
bool gains_as_point(const op::Conv2d& conv, const torch::Tensor& weight);
constexpr int64_t kFewImages = 16;

/// A 1x1 convolution by oneDNN, with a gradient for x alone. weight: [out,in,1,1]; transposed:
/// [in,out,1,1]; bias may be undefined.
torch::Tensor point_convolution(const torch::Tensor& x, const torch::Tensor& weight,
                                const torch::Tensor& transposed, const torch::Tensor& bias);

}  // namespace sau
