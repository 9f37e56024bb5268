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

/// Fills a slot at the address it has: recorded work reads it there.
void assign(torch::Tensor& slot, const torch::Tensor& value) {
  if (!slot.defined()) {
    slot = value;
  } else if (slot.data_ptr() != value.data_ptr()) {
    slot.copy_(value);
  }
}

}  // namespace

FrozenPreActResNet18::FrozenPreActResNet18(PreActResNet18& net, torch::ScalarType precision)
    : net_(net), precision_(precision) {
  blocks_.resize(net_.blocks.size());
  refresh();
}

void FrozenPreActResNet18::refresh() {
  const torch::NoGradGuard no_grad;
  const auto convolution = [this](torch::Tensor& slot, const torch::Tensor& weight) {
    assign(slot, weight.detach().to(precision_).contiguous(at::MemoryFormat::ChannelsLast));
  };
  const auto per_channel = [this](torch::Tensor& slot, const torch::Tensor& values) {
    assign(slot, values.to(precision_).view({1, -1, 1, 1}));
  };
  convolution(stem_weight_, net_.conv1->weight);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    auto& block = blocks_[i];
    const auto& source = *net_.blocks[i];
    block.stride = source.conv1->options.stride()->at(0);
    const auto bn1 = affine_of(source.bn1);
    const auto bn2 = affine_of(source.bn2);
    per_channel(block.scale, bn1.scale);
    per_channel(block.shift, bn1.shift);
    convolution(block.conv1_weight,
                source.conv1->weight.to(torch::kFloat64) * bn2.scale.view({-1, 1, 1, 1}));
    assign(block.conv1_bias, bn2.shift.to(precision_));
    convolution(block.conv2_weight, source.conv2->weight);
    if (source.shortcut) convolution(block.shortcut_weight, source.shortcut->weight);
  }
  assign(linear_weight_, net_.linear->weight.detach());
  assign(linear_bias_, net_.linear->bias.detach());
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
