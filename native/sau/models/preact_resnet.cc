#include "sau/models/preact_resnet.h"

#include "sau/models/frozen_preact_resnet.h"

namespace sau {
namespace {

torch::nn::Conv2d make_conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

/// The convolution in the dtype of its input; the gradient of the weight is float32 again.
torch::Tensor convolve(torch::nn::Conv2d& conv, const torch::Tensor& x) {
  return torch::conv2d(x, conv->weight.to(x.scalar_type()), /*bias=*/{}, conv->options.stride(),
                       std::get<torch::ExpandingArray<2>>(conv->options.padding()));
}

/// The 1x1 shortcut. For few channels its stride is a slice: oneDNN's weight gradient of a strided
/// 1x1 channels-last convolution of fewer than 16 (AVX2: 8) input channels writes past its
/// workspace.
torch::Tensor convolve_shortcut(torch::nn::Conv2d& conv, const torch::Tensor& x) {
  constexpr int64_t kSafeChannels = 16;
  const int64_t stride = conv->options.stride()->at(0);
  if (stride == 1 || x.size(1) >= kSafeChannels) return convolve(conv, x);
  return torch::conv2d(x.slice(2, 0, x.size(2), stride).slice(3, 0, x.size(3), stride),
                       conv->weight.to(x.scalar_type()));
}

}  // namespace

PreActBlock::PreActBlock(int64_t in_channels, int64_t out_channels, int64_t stride)
    : bn1(in_channels),
      conv1(make_conv(in_channels, out_channels, 3, stride)),
      bn2(out_channels),
      conv2(make_conv(out_channels, out_channels, 3, 1)) {
  register_module("bn1", bn1);
  register_module("conv1", conv1);
  register_module("bn2", bn2);
  register_module("conv2", conv2);
  if (stride != 1 || in_channels != out_channels) {
    shortcut = make_conv(in_channels, out_channels, 1, stride);
    register_module("shortcut", torch::nn::Sequential(shortcut));
  }
}

torch::Tensor PreActBlock::forward(const torch::Tensor& x) {
  const auto activated = bn1(x).relu_();
  const auto residual = shortcut ? convolve_shortcut(shortcut, activated) : x;
  return convolve(conv2, bn2(convolve(conv1, activated)).relu_()) + residual;
}

PreActResNet18::PreActResNet18(int64_t num_classes, int64_t width)
    : conv1(make_conv(3, width, 3, 1)) {
  register_module("conv1", conv1);
  int64_t channels = width;
  for (int64_t stage = 1; stage <= 4; ++stage) {
    const int64_t out = width << (stage - 1);
    torch::nn::Sequential layer;
    for (const int64_t stride : {stage == 1 ? 1 : 2, 1}) {
      blocks.push_back(std::make_shared<PreActBlock>(channels, out, stride));
      layer->push_back(blocks.back());
      channels = out;
    }
    register_module("layer" + std::to_string(stage), layer);
  }
  linear = register_module("linear", torch::nn::Linear(channels, num_classes));
}

torch::Tensor PreActResNet18::forward(const torch::Tensor& x) {
  auto features = convolve(conv1, x);
  for (const auto& block : blocks) features = block->forward(features);
  return linear(features.mean({2, 3}, /*keepdim=*/false, torch::kFloat32));
}

std::unique_ptr<FrozenClassifier> PreActResNet18::freeze(torch::ScalarType precision) {
  return std::make_unique<FrozenPreActResNet18>(*this, precision);
}

}  // namespace sau
