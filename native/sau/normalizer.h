#pragma once
#include <memory>
#include <vector>

#include "sau/models/classifier.h"
#include "sau/torch.h"

namespace sau {

/// Per-channel mean and standard deviation as the model's first layer, so that attacks speak in
/// pixels.
class Normalizer {
 public:
  /// mean, std: [3], for pixels in [0,1].
  Normalizer(const std::vector<double>& mean, const std::vector<double>& std,
             const torch::Device& device);
  /// Pixels [N,3,H,W] -> the model's input of the same shape.
  torch::Tensor operator()(const torch::Tensor& pixels) const;

 private:
  torch::Tensor mean_;
  torch::Tensor std_;
};

/// A classifier that takes pixels in [0,1].
class PixelClassifier {
 public:
  PixelClassifier(std::shared_ptr<Classifier> model, const Normalizer& normalizer)
      : model_(std::move(model)), normalizer_(normalizer) {}
  /// pixels [N,3,H,W] -> logits [N,K].
  torch::Tensor logits(const torch::Tensor& pixels) const {
    return model_->forward(normalizer_(pixels));
  }
  Classifier& model() const { return *model_; }

 private:
  std::shared_ptr<Classifier> model_;
  Normalizer normalizer_;
};

}  // namespace sau
