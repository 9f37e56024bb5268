#include "sau/defenses/ft.h"

#include "sau/workspace.h"

namespace sau {

FtDefense::FtDefense(Workspace& workspace, const FtOptions& options, const RunControl& control)
    : optimizer_(workspace.model(ModelRole::kTrainee).model().parameters(), options.optimizer),
      control_(control),
      trainer_({workspace.model(ModelRole::kTrainee), optimizer_, workspace.generator()},
               workspace.images(ImageRole::kCleanSubset), options, {}) {}

Figures FtDefense::run_round(const Round& round) {
  const auto sums = trainer_.run_epoch(round, control_);
  return {{"loss", sums.mean_loss()}, {"trainAcc", sums.accuracy()}};
}

}  // namespace sau
