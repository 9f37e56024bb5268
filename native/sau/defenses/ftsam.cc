#include "sau/defenses/ftsam.h"

#include "sau/workspace.h"

namespace sau {

FtsamDefense::FtsamDefense(Workspace& workspace, const FtsamOptions& options,
                           const RunControl& control)
    : options_(options),
      model_(workspace.model(ModelRole::kTrainee)),
      clean_subset_(workspace.images(ImageRole::kCleanSubset)),
      optimizer_(model_.model().parameters(), options.optimizer),
      schedule_(options.optimizer.learning_rate, options.schedule),
      control_(control),
      trainer_({model_, optimizer_, schedule_, workspace.generator()}, clean_subset_, options,
               {.step = [this](const TrainingBatch& batch) { return step(batch); }}),
      perturbed_losses_(torch::zeros({}, workspace.device())) {}

Figures FtsamDefense::run_round(const Round& round) {
  steps_ = round.index * batches();
  perturbed_losses_.zero_();
  const auto sums = trainer_.run_epoch(round, control_);
  return {{"loss", sums.mean_loss()},
          {"perturbedLoss", perturbed_losses_.item<double>() / static_cast<double>(batches())},
          {"trainAcc", sums.accuracy()}};
}

StepOutcome FtsamDefense::step(const TrainingBatch& batch) {
  if (options_.sam_schedule == SamSchedule::kBatch)
    optimizer_.set_learning_rate(schedule_.rate_at(static_cast<double>(steps_)));
  ++steps_;
  const auto outcome = sam_step(model_, optimizer_, batch.input, batch.labels, options_.sam);
  perturbed_losses_ += outcome.perturbed_loss.detach();
  return {outcome.loss, outcome.logits};
}

int64_t FtsamDefense::batches() const {
  return (clean_subset_.size() + options_.batch_size - 1) / options_.batch_size;
}

void FtsamDefense::visit(StateArchive& archive) {
  archive.part("optimizer", optimizer_);
  archive.part("schedule", schedule_);
}

}  // namespace sau
