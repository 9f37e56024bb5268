#pragma once
#include <memory>
#include <string>

#include "sau/torch.h"

namespace sau {

/// A classifier's forward pass as attacks and measurements need it: evaluation mode, batch norm
/// folded where that is exact, weights in a chosen precision, gradients for the input alone.
class FrozenClassifier {
 public:
  virtual ~FrozenClassifier() = default;
  /// Takes over the classifier's present weights.
  virtual void refresh() = 0;
  /// Normalised images float32 [N,3,H,W] -> logits float32 [N,K].
  virtual torch::Tensor forward(const torch::Tensor& x) const = 0;
};

/// An image classifier: normalised images [N,3,H,W] -> logits float32 [N,K]. Computes in the dtype
/// of its input; parameters stay float32. Parameter and buffer names equal the checkpoint's keys.
class Classifier : public torch::nn::Module {
 public:
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  /// A frozen view of this classifier, which must outlive it. precision: dtype of the arithmetic.
  virtual std::unique_ptr<FrozenClassifier> freeze(torch::ScalarType precision) = 0;
};

/// Builds a classifier with fresh weights: "preactresnet18", or "preactresnet18_w<width>" with
/// another number of base channels than 64. Throws ERR_CONFIG for an unknown name.
std::shared_ptr<Classifier> make_classifier(const std::string& name, int64_t num_classes);

}  // namespace sau
