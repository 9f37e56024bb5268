#pragma once
#include <vector>

#include "sau/models/preact_resnet.h"

namespace sau {

/// PreAct-ResNet18 for attacks. bn2 follows conv1 alone and is folded into it; bn1 follows a sum
/// that is also used raw, so that it stays as scale, shift and ReLU, whose backward is one mask and
/// one product.
class FrozenPreActResNet18 : public FrozenClassifier {
 public:
  FrozenPreActResNet18(PreActResNet18& net, torch::ScalarType precision);
  void refresh() override;
  torch::Tensor forward(const torch::Tensor& x) const override;

 private:
  struct Block {
    torch::Tensor scale, shift;              ///< bn1: [1,C,1,1]
    torch::Tensor conv1_weight, conv1_bias;  ///< bn2 folded in
    torch::Tensor conv2_weight;
    torch::Tensor shortcut_weight;  ///< undefined where the shortcut is the identity
    int64_t stride;
  };
  torch::Tensor forward_block(const Block& block, const torch::Tensor& x) const;

  PreActResNet18& net_;
  torch::ScalarType precision_;
  torch::Tensor stem_weight_;
  std::vector<Block> blocks_;
  torch::Tensor linear_weight_, linear_bias_;
};

}  // namespace sau
