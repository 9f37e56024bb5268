#pragma once
#include <vector>

#include "sau/defenses/defense.h"
#include "sau/defenses/sam.h"
#include "sau/train_epoch.h"
#include "sau/workspace.h"

namespace sau {

/// When the learning rate moves along its cosine.
enum class SamSchedule { kBatch, kEpoch };

template <>
struct Names<SamSchedule> {
  static constexpr const char* kWhat = "schedule of ftsam";
  static constexpr std::pair<const char*, SamSchedule> kAll[] = {{"batch", SamSchedule::kBatch},
                                                                 {"epoch", SamSchedule::kEpoch}};
};

struct FtsamOptions : EpochOptions {
  SamOptions sam;
  SamSchedule sam_schedule;  ///< kBatch: the schedule counts batches where it says epochs
};

template <class V>
void fields(V& v, FtsamOptions& o) {
  fields(v, static_cast<EpochOptions&>(o));
  v("sam", o.sam);
  v("samSchedule", o.sam_schedule);
}

/// Fine-tuning by adaptive sharpness-aware minimization (defenses E8). A round is an epoch.
/// Figures: loss, perturbedLoss (means over the batches), trainAcc.
class FtsamDefense final : public RoundsDefense {
 public:
  static constexpr const char* kName = "ftsam";
  using Options = FtsamOptions;

  FtsamDefense(Workspace& workspace, const FtsamOptions& options, const RunControl& control);
  Figures run_round(const Round& round) override;
  void visit(StateArchive& archive) override;

 private:
  StepOutcome step(const TrainingBatch& batch);
  int64_t batches() const;

  FtsamOptions options_;
  const PixelClassifier& model_;
  const ImageSet& clean_subset_;
  Optimizer optimizer_;
  Schedule schedule_;
  const RunControl& control_;
  EpochTrainer trainer_;
  int64_t steps_ = 0;               ///< of the run so far
  torch::Tensor perturbed_losses_;  ///< their sum over the batches of a round
};

}  // namespace sau
