#pragma once
#include <optional>

#include "sau/net/convolution_form.h"
#include "sau/torch.h"

// 3x3 convolutions of stride 1 or 2 and padding 1 on the CPU in float32, and their gradients, in
// channels-last memory. The bits of an image do not depend on the others of its batch, and nothing
// depends on the number of threads.
namespace sau::winograd {

/// Whether this processor computes them faster so than oneDNN does.
bool gains(const torch::Tensor& x, const torch::Tensor& weight, const ConvolutionForm& form);

/// x: [N,in,H,W]; weight: [out,in,3,3] -> [N,out,H/stride,W/stride], rounded up.
torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight,
                       const std::optional<torch::Tensor>& bias, int64_t stride);
/// By an input of the sizes [N,in,H,W]; gradient: by the output.
torch::Tensor input_gradient(const torch::Tensor& gradient, const torch::Tensor& weight,
                             at::IntArrayRef sizes, int64_t stride);
/// -> [out,in,3,3]; gradient: by the output.
torch::Tensor weight_gradient(const torch::Tensor& gradient, const torch::Tensor& x,
                              int64_t stride);

}  // namespace sau::winograd
