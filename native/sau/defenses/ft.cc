#include "sau/defenses/ft.h"

#include "sau/workspace.h"

namespace sau {

FtDefense::FtDefense(Workspace& workspace, const FtOptions& options, const RunControl& control)
    : optimizer_(workspace.model(ModelRole::kTrainee).model().parameters(), options.optimizer),
      schedule_(options.optimizer.learning_rate, options.schedule),
      control_(control),
      trainer_({workspace.model(ModelRole::kTrainee), optimizer_, schedule_, workspace.generator()},
               workspace.images(ImageRole::kCleanSubset), options, {}) {}

Figures FtDefense::run_round(const Round& round) {
  const auto sums = trainer_.run_epoch(round, control_);
  return {{"loss", sums.mean_loss()}, {"trainAcc", sums.accuracy()}};
}

void FtDefense::visit(StateArchive& archive) {
  archive.part("optimizer", optimizer_);
  archive.part("schedule", schedule_);
}

}  // namespace sau
