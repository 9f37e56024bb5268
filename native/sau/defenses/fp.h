#pragma once
#include <vector>

#include "sau/defenses/selection.h"
#include "sau/train_epoch.h"

namespace sau {

struct FpOptions : EpochOptions {
  Compat compat;
  double prune_step;  ///< share of the features that a candidate prunes more than the one before
  SelectionOptions selection;
};

template <class V>
void fields(V& v, FpOptions& o) {
  fields(v, static_cast<EpochOptions&>(o));
  v("compat", o.compat);
  v("pruneStep", o.prune_step);
  v("selection", o.selection);
}

/// Fine-pruning (defenses E2): cuts the features that are lowest on clean images, as many as the
/// selection allows, then fine-tunes with these held at 0. A round is an epoch of the fine-tuning.
/// Figures: loss, trainAcc. Tables: pruning, scores.
class FpDefense final : public Defense {
 public:
  static constexpr const char* kName = "fp";
  using Options = FpOptions;

  FpDefense(Workspace& workspace, const FpOptions& options, const RunControl& control);
  void run(const DefenseRun& run) override;
  void visit(StateArchive& archive) override;

 private:
  /// The features in ascending order of their means over the clean images.
  torch::Tensor feature_order(const DefenseRun& run);
  Ladder ladder(const torch::Tensor& order) const;
  /// How many of the ordered features a candidate says that it cuts.
  int64_t features_at(int64_t index) const;
  /// How many it cuts.
  int64_t columns_at(int64_t index) const;
  /// Puts 0 into columns of the layer's weight; the others are what they were at first.
  void cut(const torch::Tensor& columns) const;
  int64_t choose(const torch::Tensor& order, const DefenseRun& run);
  Choice choose_by_judges(const Ladder& ladder, const DefenseRun& run);
  Choice choose_by_test_accuracy(const Ladder& ladder, const DefenseRun& run) const;

  Workspace& workspace_;
  FpOptions options_;
  const PixelClassifier& model_;
  size_t layer_;  ///< node of the linear layer whose inputs are pruned
  op::Linear linear_;
  std::optional<CleanSplit> split_;
  const ImageSet& learn_;
  torch::Tensor weight_;   ///< [out,in] as it was at first
  torch::Tensor columns_;  ///< int64 [n], the features that are pruned, once they are chosen
  Optimizer optimizer_;
  Schedule schedule_;
};

}  // namespace sau
