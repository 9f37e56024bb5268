#pragma once
#include <vector>

#include "sau/models/classifier.h"

namespace sau {

/// BN-ReLU-conv3x3-BN-ReLU-conv3x3; the shortcut is a 1x1 convolution of the activated input where
/// the shape changes, else the raw input.
class PreActBlock : public torch::nn::Module {
 public:
  PreActBlock(int64_t in_channels, int64_t out_channels, int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);

  torch::nn::BatchNorm2d bn1;
  torch::nn::Conv2d conv1;
  torch::nn::BatchNorm2d bn2;
  torch::nn::Conv2d conv2;
  torch::nn::Conv2d shortcut{nullptr};
};

/// PreAct-ResNet18 for small images (specification D): 3x3 stem, four stages of two blocks with
/// width x {1,2,4,8} channels, no final BN or ReLU, global average pool, linear head.
class PreActResNet18 : public Classifier {
 public:
  PreActResNet18(int64_t num_classes, int64_t width);
  torch::Tensor forward(const torch::Tensor& x) override;
  std::unique_ptr<FrozenClassifier> freeze(torch::ScalarType precision) override;

  torch::nn::Conv2d conv1;
  std::vector<std::shared_ptr<PreActBlock>> blocks;
  torch::nn::Linear linear{nullptr};
};

}  // namespace sau
