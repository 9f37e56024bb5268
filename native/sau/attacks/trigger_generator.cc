#include "sau/attacks/trigger_generator.h"

#include "sau/guards.h"

namespace sau {
namespace {

constexpr int64_t kStages = 3;

}  // namespace

ConvUnitImpl::ConvUnitImpl(int64_t in_channels, int64_t out_channels, bool relu)
    : relu_(relu),
      conv(torch::nn::Conv2dOptions(in_channels, out_channels, 3).padding(1)),
      bn(torch::nn::BatchNorm2dOptions(out_channels).eps(1e-5).momentum(0.05)) {
  register_module("conv", conv);
  register_module("bn", bn);
}

torch::Tensor ConvUnitImpl::forward(const torch::Tensor& x) {
  const auto y = bn(conv(x));
  return relu_ ? y.relu() : y;
}

TriggerGeneratorImpl::TriggerGeneratorImpl(int64_t out_channels, int64_t width, bool double_tanh)
    : double_tanh_(double_tanh), middle_(width << (kStages - 1), width << (kStages - 1), true) {
  int64_t in = 3;
  for (int64_t stage = 0; stage < kStages; ++stage) {
    const int64_t out = width << stage;
    down_.push_back(ConvUnit(in, out, true));
    down_.push_back(ConvUnit(out, out, true));
    in = out;
  }
  for (int64_t stage = kStages - 1; stage >= 0; --stage) {
    const int64_t channels = width << stage;
    up_.push_back(ConvUnit(channels, channels, true));
    up_.push_back(stage == 0 ? ConvUnit(channels, out_channels, false)
                             : ConvUnit(channels, channels / 2, true));
  }
  for (size_t i = 0; i < down_.size(); ++i) register_module("down" + std::to_string(i), down_[i]);
  register_module("middle", middle_);
  for (size_t i = 0; i < up_.size(); ++i) register_module("up" + std::to_string(i), up_[i]);
}

torch::Tensor TriggerGeneratorImpl::forward(const torch::Tensor& x) {
  auto y = x;
  for (size_t i = 0; i < down_.size(); i += 2)
    y = torch::max_pool2d(down_[i + 1](down_[i](y)), {2, 2});
  y = middle_(y);
  for (size_t i = 0; i < up_.size(); i += 2) {
    y = at::upsample_bilinear2d(y, {2 * y.size(2), 2 * y.size(3)}, /*align_corners=*/false);
    y = up_[i + 1](up_[i](y));
  }
  const auto squashed = y.tanh();
  return (double_tanh_ ? squashed.tanh() : squashed) / (2 + 1e-7) + 0.5;
}

torch::Tensor draw(TriggerGenerator& generator, const torch::Tensor& x, bool training) {
  const torch::NoGradGuard no_grad;
  const ModeGuard mode(*generator, training);
  return generator(x);
}

}  // namespace sau
