#include "sau/models/frozen_preact_resnet.h"

namespace sau {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// relu(x * scale + shift) with a gradient for x alone.
struct ScaleShiftRelu : torch::autograd::Function<ScaleShiftRelu> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& scale, const torch::Tensor& shift) {
    auto out = torch::addcmul(shift, x, scale).relu_();
    context->save_for_backward({out, scale});
    return out;
  }
  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    return {at::threshold_backward(gradients[0], saved[0], 0).mul_(saved[1]), {}, {}};
  }
};

struct Affine {
  torch::Tensor scale, shift;  ///< float64 [C]
};

/// Batch norm in evaluation mode as y = x * scale + shift.
Affine affine_of(const torch::nn::BatchNorm2d& bn) {
  const auto scale = bn->weight.to(torch::kFloat64) *
                     (bn->running_var.to(torch::kFloat64) + bn->options.eps()).rsqrt();
  return {scale, bn->bias.to(torch::kFloat64) - bn->running_mean.to(torch::kFloat64) * scale};
}

}  // namespace

FrozenPreActResNet18::FrozenPreActResNet18(PreActResNet18& net, torch::ScalarType precision)
    : net_(net), precision_(precision) {
  refresh();
}

void FrozenPreActResNet18::refresh() {
  const torch::NoGradGuard no_grad;
  const auto weight = [this](const torch::Tensor& w) {
    return w.detach().to(precision_).contiguous(at::MemoryFormat::ChannelsLast);
  };
  stem_weight_ = weight(net_.conv1->weight);
  blocks_.clear();
  for (const auto& block : net_.blocks) {
    const auto bn1 = affine_of(block->bn1);
    const auto bn2 = affine_of(block->bn2);
    const auto folded = block->conv1->weight.to(torch::kFloat64) * bn2.scale.view({-1, 1, 1, 1});
    blocks_.push_back(
        {.scale = bn1.scale.to(precision_).view({1, -1, 1, 1}),
         .shift = bn1.shift.to(precision_).view({1, -1, 1, 1}),
         .conv1_weight = weight(folded),
         .conv1_bias = bn2.shift.to(precision_),
         .conv2_weight = weight(block->conv2->weight),
         .shortcut_weight = block->shortcut ? weight(block->shortcut->weight) : torch::Tensor(),
         .stride = block->conv1->options.stride()->at(0)});
  }
  linear_weight_ = net_.linear->weight.detach().clone();
  linear_bias_ = net_.linear->bias.detach().clone();
}

torch::Tensor FrozenPreActResNet18::forward_block(const Block& block,
                                                  const torch::Tensor& x) const {
  const auto activated = ScaleShiftRelu::apply(x, block.scale, block.shift);
  const auto residual = block.shortcut_weight.defined()
                            ? torch::conv2d(activated, block.shortcut_weight, {}, block.stride)
                            : x;
  const auto hidden =
      torch::conv2d(activated, block.conv1_weight, block.conv1_bias, block.stride, 1).relu_();
  return torch::conv2d(hidden, block.conv2_weight, {}, 1, 1) + residual;
}

torch::Tensor FrozenPreActResNet18::forward(const torch::Tensor& x) const {
  auto features = torch::conv2d(x.to(precision_), stem_weight_, {}, 1, 1);
  for (const auto& block : blocks_) features = forward_block(block, features);
  const auto pooled = features.mean({2, 3}, /*keepdim=*/false, torch::kFloat32);
  return torch::nn::functional::linear(pooled, linear_weight_, linear_bias_);
}

}  // namespace sau
