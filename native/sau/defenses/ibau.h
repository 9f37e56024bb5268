#pragma once
#include <vector>

#include "sau/defenses/defense.h"
#include "sau/defenses/hypergradient.h"
#include "sau/optimizer.h"
#include "sau/workspace.h"

namespace sau {

struct IbauOptions {
  int64_t batch_size;
  double perturbation_rate;  ///< of the descent that finds the universal perturbation
  double portion;            ///< share of a batch that has it in the outer loss
  HypergradientOptions hypergradient;
  OptimizerOptions optimizer;
  int64_t crop_padding;  ///< zero pixels around the image before the random crop; 0: no crop
  bool flip;             ///< horizontal flip with probability 1/2
};

template <class V>
void fields(V& v, IbauOptions& o) {
  v("batchSize", o.batch_size);
  v("perturbationRate", o.perturbation_rate);
  v("portion", o.portion);
  v("hypergradient", o.hypergradient);
  v("optimizer", o.optimizer);
  v("cropPadding", o.crop_padding);
  v("flip", o.flip);
}

/// Minimax unlearning of a universal perturbation by the implicit hypergradient, i-BAU (defenses
/// E7). A round finds the perturbation and takes a step of the optimizer for each of the batches
/// that are kept from the beginning. Figures: loss, perturbedLoss (means over the batches),
/// trainAcc.
class IbauDefense final : public RoundsDefense {
 public:
  static constexpr const char* kName = "ibau";
  using Options = IbauOptions;

  IbauDefense(Workspace& workspace, IbauOptions options, const RunControl& control);
  void prepare(int64_t rounds) override;
  Figures run_round(const Round& round) override;
  void visit(StateArchive& archive) override;

 private:
  /// Images in a new order, each augmented anew, and their labels.
  struct Drawn {
    torch::Tensor images;  ///< uint8 [N,3,H,W]
    torch::Tensor labels;  ///< int64 [N]
  };
  Drawn draw() const;
  int64_t batches() const;
  LabelledInput batch_of(const Drawn& drawn, int64_t index) const;
  /// The universal perturbation [1,3,H,W]; adds the cross entropy of each batch to the losses.
  torch::Tensor perturbation(const Round& round, torch::Tensor& losses);
  torch::Tensor patched(int64_t count) const;
  void tell(const Round& round, int64_t done) const;

  IbauOptions options_;
  const RunControl& control_;
  const PixelClassifier& model_;
  const ImageSet& clean_subset_;
  torch::Generator& generator_;
  FrozenPixelClassifier frozen_;
  int64_t chunk_;
  Optimizer optimizer_;
  Drawn stored_;
};

}  // namespace sau
