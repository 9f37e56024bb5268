#pragma once
#include <vector>

#include "sau/defenses/defense.h"
#include "sau/train_epoch.h"
#include "sau/workspace.h"

namespace sau {

using FtOptions = EpochOptions;

/// Plain fine-tuning (defenses E1): ordinary training of the trainee, from the weights that it has,
/// on the clean subset. A round is an epoch; the last, smaller batch is kept. Figures: loss,
/// trainAcc.
class FtDefense final : public RoundsDefense {
 public:
  static constexpr const char* kName = "ft";
  using Options = FtOptions;

  FtDefense(Workspace& workspace, const FtOptions& options, const RunControl& control);
  Figures run_round(const Round& round) override;
  void visit(StateArchive& archive) override;

 private:
  Optimizer optimizer_;
  Schedule schedule_;
  const RunControl& control_;
  EpochTrainer trainer_;
};

}  // namespace sau
