#pragma once
#include <vector>

#include "sau/torch.h"

namespace sau {

/// 3x3 convolution with bias, batch norm, and optionally ReLU.
class ConvUnitImpl : public torch::nn::Module {
 public:
  ConvUnitImpl(int64_t in_channels, int64_t out_channels, bool relu);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  bool relu_;
  torch::nn::Conv2d conv;
  torch::nn::BatchNorm2d bn;
};
TORCH_MODULE(ConvUnit);

/// The encoder and decoder that draws Input-aware's patterns (3 channels) and masks (1 channel):
/// normalized images [N,3,H,W], sides divisible by 8, -> [N,out,H,W] inside (0,1) (specification
/// B4.9).
class TriggerGeneratorImpl : public torch::nn::Module {
 public:
  /// width: channels of the first stage; double_tanh: applies tanh twice, which gives about
  /// [0.12,0.88].
  TriggerGeneratorImpl(int64_t out_channels, int64_t width, bool double_tanh);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  bool double_tanh_;
  std::vector<ConvUnit> down_, up_;  ///< two per stage
  ConvUnit middle_;
};
TORCH_MODULE(TriggerGenerator);

/// The output of a generator, without gradients; batch norm in training or evaluation mode.
torch::Tensor draw(TriggerGenerator& generator, const torch::Tensor& x, bool training);

}  // namespace sau
