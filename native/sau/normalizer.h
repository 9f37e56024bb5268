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
  /// The way back: the model's input -> pixels. Divides by 1 / std as the official tool does: what
  /// truncation to grey levels then leaves depends on the last bit (specification B4.8).
  torch::Tensor pixels(const torch::Tensor& input) const;

 private:
  torch::Tensor mean_;
  torch::Tensor std_;
  torch::Tensor inverse_std_;
};

/// A classifier that takes pixels in [0,1] and whose parameters take gradients.
class PixelClassifier {
 public:
  PixelClassifier(std::shared_ptr<Classifier> model, const Normalizer& normalizer,
                  torch::ScalarType precision)
      : model_(std::move(model)), normalizer_(normalizer), precision_(precision) {}
  /// pixels [N,3,H,W] -> logits float32 [N,K], computed in the precision.
  torch::Tensor logits(const torch::Tensor& pixels) const {
    return logits_of_input(normalizer_(pixels));
  }
  /// The same for images that are normalised already.
  torch::Tensor logits_of_input(const torch::Tensor& input) const {
    return model_->forward(input.to(precision_));
  }
  const Normalizer& normalizer() const { return normalizer_; }
  Classifier& model() const { return *model_; }

 private:
  std::shared_ptr<Classifier> model_;
  Normalizer normalizer_;
  torch::ScalarType precision_;
};

/// A frozen view of a classifier that takes pixels in [0,1]: gradients for the pixels alone.
class FrozenPixelClassifier {
 public:
  FrozenPixelClassifier(const PixelClassifier& source, const Normalizer& normalizer,
                        torch::ScalarType precision)
      : frozen_(source.model().freeze(precision)), normalizer_(normalizer), precision_(precision) {}
  torch::Tensor logits(const torch::Tensor& pixels) const {
    return frozen_->forward(normalizer_(pixels));
  }
  /// Takes over the source's present weights.
  void refresh() { frozen_->refresh(); }
  torch::ScalarType precision() const { return precision_; }

 private:
  std::unique_ptr<FrozenClassifier> frozen_;
  Normalizer normalizer_;
  torch::ScalarType precision_;
};

}  // namespace sau
