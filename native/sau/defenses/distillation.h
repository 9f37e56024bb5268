#pragma once
#include <memory>
#include <vector>

#include "sau/defenses/hypergradient.h"
#include "sau/net/taps.h"
#include "sau/normalizer.h"

namespace sau {

/// The maps whose attention is compared: nodes of a network, the earlier first, and a weight of
/// each.
struct AttentionSites {
  std::vector<size_t> nodes;
  std::vector<double> betas;
  double power;  ///< of the attention
};

/// The ends of a network's last two stages at images of a size, or of the only one, which then has
/// the last weight. Throws ERR_CONFIG where no map has more than one pixel.
AttentionSites last_stages(const Graph& graph, int64_t height, int64_t width, double beta1,
                           double beta2, double power);

/// A student's losses at a batch, with their graph: scalars, and the logits [N,K].
struct Distilled {
  torch::Tensor loss;  ///< cross entropy, and the attention's
  torch::Tensor logits;
  std::vector<torch::Tensor> distances;  ///< of each site
  torch::Tensor attention;               ///< their weighted sum
};

/// A frozen teacher whose attention a student has as its target (defenses E3).
class Distiller {
 public:
  /// The student outlives it. teacher: a network of the same graph; dtype: of its arithmetic.
  Distiller(const PixelClassifier& student, std::shared_ptr<GraphModule> teacher,
            AttentionSites sites, torch::ScalarType dtype);
  Distilled operator()(const LabelledInput& batch);
  /// Sees the teacher's new weights.
  void refresh() { frozen_teacher_.refresh(); }

 private:
  using Maps = std::vector<torch::Tensor>;
  Taps taps_into(Maps& maps) const;

  const PixelClassifier& student_;
  std::shared_ptr<GraphModule> teacher_;
  AttentionSites sites_;
  Maps teacher_maps_;
  FrozenPixelClassifier frozen_teacher_;
};

}  // namespace sau
