#include "sau/net/point_convolution.h"

#include <ATen/Parallel.h>

#include <optional>

namespace sau {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// No bias is an empty optional, because a Function takes no undefined tensor.
using PointBias = std::optional<torch::Tensor>;

torch::Tensor by_onednn(const torch::Tensor& x, const torch::Tensor& weight,
                        const PointBias& bias) {
  return at::mkldnn_convolution(x, weight, bias, /*padding=*/{0, 0}, /*stride=*/{1, 1},
                                /*dilation=*/{1, 1}, /*groups=*/1);
}

struct PointConvolution : torch::autograd::Function<PointConvolution> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& transposed,
                               const PointBias& bias) {
    context->save_for_backward({transposed});
    return by_onednn(x, weight, bias);
  }
  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto transposed = context->get_saved_variables()[0];
    return {by_onednn(gradients[0], transposed, std::nullopt), {}, {}, {}};
  }
};

}  // namespace

bool gains_as_point(const op::Conv2d& conv, const torch::Tensor& weight) {
  return conv.kernel == 1 && conv.stride == 1 && conv.padding == 0 && conv.groups == 1 &&
         weight.is_cpu() && weight.scalar_type() == torch::kFloat32 && at::get_num_threads() == 1 &&
         at::hasMKLDNN() && at::globalContext().userEnabledMkldnn();
}

torch::Tensor point_convolution(const torch::Tensor& x, const torch::Tensor& weight,
                                const torch::Tensor& transposed, const torch::Tensor& bias) {
  const auto given = bias.defined() ? std::optional(bias) : std::nullopt;
  return PointConvolution::apply(x, weight, transposed, given);
}

}  // namespace sau
