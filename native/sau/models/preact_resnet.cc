#include "sau/models/preact_resnet.h"

namespace sau {
namespace {

torch::nn::Conv2d conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

/// A 1x1 convolution. For few channels the stride is a slice: up to 3.12 at least, oneDNN's weight
/// gradient of a strided 1x1 channels-last convolution of fewer than 16 (AVX2: 8) input channels
/// writes past its workspace and corrupts the heap (uxlfoundation/oneDNN#6035).
torch::Tensor pointwise(torch::nn::Conv2d& conv, const torch::Tensor& x) {
  constexpr int64_t kSafeChannels = 16;
  const int64_t stride = conv->options.stride()->at(0);
  if (stride == 1 || x.size(1) >= kSafeChannels) return conv->forward(x);
  return torch::conv2d(x.slice(2, 0, x.size(2), stride).slice(3, 0, x.size(3), stride),
                       conv->weight);
}

}  // namespace

PreActBlock::PreActBlock(int64_t in_channels, int64_t out_channels, int64_t stride)
    : bn1_(in_channels),
      conv1_(conv(in_channels, out_channels, 3, stride)),
      bn2_(out_channels),
      conv2_(conv(out_channels, out_channels, 3, 1)) {
  register_module("bn1", bn1_);
  register_module("conv1", conv1_);
  register_module("bn2", bn2_);
  register_module("conv2", conv2_);
  if (stride != 1 || in_channels != out_channels) {
    shortcut_ = conv(in_channels, out_channels, 1, stride);
    register_module("shortcut", torch::nn::Sequential(shortcut_));
  }
}

torch::Tensor PreActBlock::forward(const torch::Tensor& x) {
  const auto activated = torch::relu(bn1_(x));
  const auto residual = shortcut_ ? pointwise(shortcut_, activated) : x;
  return conv2_(torch::relu(bn2_(conv1_(activated)))) + residual;
}

PreActResNet18::PreActResNet18(int64_t num_classes, int64_t width) : conv1_(conv(3, width, 3, 1)) {
  register_module("conv1", conv1_);
  int64_t channels = width;
  for (int64_t stage = 1; stage <= 4; ++stage) {
    const int64_t out = width << (stage - 1);
    torch::nn::Sequential layer;
    for (const int64_t stride : {stage == 1 ? 1 : 2, 1}) {
      blocks_.push_back(std::make_shared<PreActBlock>(channels, out, stride));
      layer->push_back(blocks_.back());
      channels = out;
    }
    register_module("layer" + std::to_string(stage), layer);
  }
  linear_ = register_module("linear", torch::nn::Linear(channels, num_classes));
}

torch::Tensor PreActResNet18::forward(const torch::Tensor& x) {
  auto features = conv1_(x);
  for (const auto& block : blocks_) features = block->forward(features);
  return linear_(features.mean({2, 3}));
}

}  // namespace sau
