#pragma once
#include <memory>
#include <string>

#include "sau/torch.h"

namespace sau {

/// An image classifier: normalised images [N,3,H,W] -> logits [N,K]. Parameter and buffer names
/// equal the checkpoint's keys.
class Classifier : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
};

/// Builds a classifier with fresh weights: "preactresnet18", or "preactresnet18_w<width>" with
/// another number of base channels than 64. Throws ERR_CONFIG for an unknown name.
std::shared_ptr<Classifier> make_classifier(const std::string& name, int64_t num_classes);

}  // namespace sau
