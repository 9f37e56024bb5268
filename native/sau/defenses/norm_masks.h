#pragma once
#include <string>
#include <vector>

#include "sau/defenses/pruning.h"
#include "sau/normalizer.h"

namespace sau {

/// Passes in training mode of a network whose norms are scaled by factors of their channels. The
/// weights take no gradients, the factors do. The running statistics of the passes are a copy of
/// its own.
class MaskedPasses {
 public:
  /// The model outlives it. norms: of the model's graph.
  MaskedPasses(const PixelClassifier& model, std::vector<NormSite> norms);

  /// Channels of all norms.
  int64_t channels() const { return channels_; }
  /// Normalized images -> logits. weight_factors, bias_factors: [channels], norm by norm; an
  /// undefined one is 1.
  torch::Tensor logits(const torch::Tensor& input, const torch::Tensor& weight_factors,
                       const torch::Tensor& bias_factors) const;
  /// Values of all channels, norm by norm.
  std::vector<torch::Tensor> by_norm(const torch::Tensor& values) const;

 private:
  const PixelClassifier& model_;
  std::vector<NormSite> norms_;
  std::vector<torch::Tensor> weights_;  ///< by their positions in the graph
  std::vector<int64_t> sizes_;
  int64_t channels_ = 0;
};

/// Learned masks in ascending order, to be cut from the lowest.
class RankedMasks {
 public:
  /// masks: [channels], norm by norm. They are rounded to four decimals.
  RankedMasks(const torch::Tensor& masks, const std::vector<NormSite>& norms);

  int64_t count() const { return static_cast<int64_t>(order_.size()); }
  /// How many are at most a threshold.
  int64_t at_most(double threshold) const;
  /// The lowest so many, as a choice of channels.
  ByNorm lowest(int64_t number) const;
  /// The mask at a position of the order; NaN behind the last.
  double value(int64_t position) const;
  /// A row for each, in order: number, layer, channel, score, and the mask before it was rounded.
  void report(const DefenseRun& run) const;

 private:
  std::vector<NormSite> norms_;
  std::vector<int64_t> first_;  ///< the position of each norm's first channel among all
  std::vector<double> masks_, rounded_;
  std::vector<int64_t> order_;
};

}  // namespace sau
