#pragma once
#include <vector>

#include "sau/defenses/mask_pruning.h"
#include "sau/optimizer.h"
#include "sau/train_epoch.h"

namespace sau {

struct RnpOptions {
  EpochOptions unlearning;
  int64_t unlearning_rounds;  ///< at most
  double unlearned_accuracy;  ///< training accuracy at which the unlearning ends
  int64_t recovering_rounds;
  double recovering_share;  ///< factor of the loss of the masks
  OptimizerOptions recovering;
  MaskLadderOptions ladder;
  SelectionOptions selection;
};

template <class V>
void fields(V& v, RnpOptions& o) {
  v("unlearning", o.unlearning);
  v("unlearningRounds", o.unlearning_rounds);
  v("unlearnedAccuracy", o.unlearned_accuracy);
  v("recoveringRounds", o.recovering_rounds);
  v("recoveringShare", o.recovering_share);
  v("recovering", o.recovering);
  v("ladder", o.ladder);
  v("selection", o.selection);
}

/// Reconstructive neuron pruning (defenses E11): unlearns the clean images, learns masks of the
/// batch norms that bring them back, and cuts from the model as it was the channels that they do
/// not need. Both are parts, with the tables "unlearning" and "recovering"; the round is the
/// pruning. Figures: prunedShare, threshold. Tables besides: masks, thresholds.
class RnpDefense final : public Defense {
 public:
  static constexpr const char* kName = "rnp";
  using Options = RnpOptions;

  RnpDefense(Workspace& workspace, const RnpOptions& options, const RunControl& control);
  void run(const DefenseRun& run) override;
  void visit(StateArchive& archive) override;

 private:
  void unlearn(const DefenseRun& run);
  void recover(const DefenseRun& run);
  Figures recover_round(const Round& round, const MaskedPasses& passes, const RunControl& control);
  /// Gives the trainee the weights and statistics that it came with.
  void restore() const;

  Workspace& workspace_;
  RnpOptions options_;
  const PixelClassifier& model_;
  MaskPruning pruning_;
  std::vector<torch::Tensor> original_;               ///< all tensors of the trainee
  torch::Tensor masks_;                               ///< [channels]
  Schedule schedule_;                                 ///< of the unlearning
  std::optional<Optimizer> unlearning_, recovering_;  ///< each while its part goes on
};

}  // namespace sau
