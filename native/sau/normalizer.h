#pragma once
#include <memory>
#include <vector>

#include "sau/net/frozen_graph.h"
#include "sau/net/graph_module.h"
#include "sau/passes.h"
#include "sau/torch.h"

namespace sau {

/// Subtracts the mean and divides by the standard deviation, per channel. It is the first layer of
/// a model, so that attacks work on pixels.
class Normalizer {
 public:
  /// mean, std: [3], for pixels in [0,1].
  Normalizer(const std::vector<double>& mean, const std::vector<double>& std,
             const torch::Device& device);
  /// Pixels [N,3,H,W] -> the model's input of the same shape.
  torch::Tensor operator()(const torch::Tensor& pixels) const;
  /// The inverse: the model's input -> pixels. Divides by 1 / std as the official tool does,
  /// because truncation to gray levels depends on the last bit (specification B4.8).
  torch::Tensor pixels(const torch::Tensor& input) const;
  const torch::Tensor& mean() const { return mean_; }  ///< [1,3,1,1]
  const torch::Tensor& std() const { return std_; }    ///< [1,3,1,1]

 private:
  torch::Tensor mean_;
  torch::Tensor std_;
  torch::Tensor inverse_std_;
};

/// Counts the images of a pass, and those of its backward pass once that is done. Returns the
/// logits.
torch::Tensor counted(torch::Tensor logits, const std::shared_ptr<Passes>& passes);

/// A classifier that takes pixels in [0,1] and whose parameters take gradients.
class PixelClassifier {
 public:
  /// precision: dtype of the arithmetic; passes: what counts them.
  PixelClassifier(std::shared_ptr<GraphModule> model, const Normalizer& normalizer,
                  torch::ScalarType precision, std::shared_ptr<Passes> passes)
      : model_(std::move(model)),
        normalizer_(normalizer),
        precision_(precision),
        passes_(std::move(passes)) {}
  /// pixels [N,3,H,W] -> logits float32 [N,K], computed in the precision.
  torch::Tensor logits(const torch::Tensor& pixels) const {
    return logits_of_input(normalizer_(pixels));
  }
  /// Logits of images that are normalized already, as logits() gives them.
  torch::Tensor logits_of_input(const torch::Tensor& input) const {
    return logits_of_input(input, model_->weights(), {});
  }
  /// With weights in the place of the model's own, and the values of some nodes.
  torch::Tensor logits_of_input(const torch::Tensor& input,
                                const std::vector<torch::Tensor>& weights, const Taps& taps) const {
    return counted(model_->forward(input.to(precision_), weights, taps), passes_);
  }
  const Normalizer& normalizer() const { return normalizer_; }
  GraphModule& model() const { return *model_; }
  const std::shared_ptr<Passes>& passes() const { return passes_; }

 private:
  std::shared_ptr<GraphModule> model_;
  Normalizer normalizer_;
  torch::ScalarType precision_;
  std::shared_ptr<Passes> passes_;
};

/// A frozen view of a classifier that takes pixels in [0,1]: gradients for the pixels alone.
class FrozenPixelClassifier {
 public:
  /// precision: dtype of the arithmetic; chunk: images per pass of a measurement, 0: as many as the
  /// network's cost allows; taps: nodes of the source's graph whose values each pass hands out.
  FrozenPixelClassifier(const PixelClassifier& source, const Normalizer& normalizer,
                        torch::ScalarType precision, int64_t chunk = 0, Taps taps = {})
      : frozen_(std::make_unique<FrozenGraph>(source.model(), precision, std::move(taps))),
        normalizer_(normalizer),
        precision_(precision),
        chunk_(chunk),
        passes_(source.passes()) {}
  torch::Tensor logits(const torch::Tensor& pixels) const {
    return logits_of_input(normalizer_(pixels));
  }
  /// Logits of images that are normalized already.
  torch::Tensor logits_of_input(const torch::Tensor& input) const {
    return counted(frozen_->forward(input), passes_);
  }
  /// Logits from the value of the k-th tap (FrozenGraph::forward_from). A pass of part of the
  /// network counts as one.
  torch::Tensor logits_from(size_t k, const torch::Tensor& value) const {
    return counted(frozen_->forward_from(k, value), passes_);
  }
  /// Logits with another layer in the place of what gives the k-th tap (FrozenGraph::forward_with).
  torch::Tensor logits_with(size_t k, const ValueLayer& layer, const torch::Tensor& pixels) const {
    return counted(frozen_->forward_with(k, layer, normalizer_(pixels)), passes_);
  }
  /// pixels [N,3,H,W] -> what the last layer takes, float32 [N,F].
  torch::Tensor features(const torch::Tensor& pixels) const {
    return counted(frozen_->features(normalizer_(pixels)), passes_);
  }
  /// Copies the source's present weights.
  void refresh() { frozen_->refresh(); }
  const Graph& graph() const { return frozen_->graph(); }
  torch::ScalarType precision() const { return precision_; }
  /// Images [N,3,H,W] like these, which are on the device, per pass without gradients.
  int64_t images_per_pass(const torch::Tensor& images) const;

 private:
  std::unique_ptr<FrozenGraph> frozen_;
  Normalizer normalizer_;
  torch::ScalarType precision_;
  int64_t chunk_;
  std::shared_ptr<Passes> passes_;
};

}  // namespace sau
