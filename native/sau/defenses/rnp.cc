#include "sau/defenses/rnp.h"

#include "sau/guards.h"

namespace sau {

RnpDefense::RnpDefense(Workspace& workspace, const RnpOptions& options, const RunControl&)
    : workspace_(workspace),
      options_(options),
      model_(workspace.model(ModelRole::kTrainee)),
      pruning_(workspace,
               require_norms(batch_norms_of(model_.model().graph()), kName, "batch norms"),
               {.ladder = options_.ladder, .selection = options_.selection}, kName),
      masks_(torch::ones({pruning_.channels()}, workspace.device()).requires_grad_()),
      schedule_(options.unlearning.optimizer.learning_rate, options.unlearning.schedule) {
  for (const auto& weight : model_.model().weights()) original_.push_back(weight.detach().clone());
}

void RnpDefense::visit(StateArchive& archive) {
  archive("masks", masks_);
  if (unlearning_) archive.part("unlearning", *unlearning_);
  if (unlearning_) archive.part("schedule", schedule_);
  if (recovering_) archive.part("recovering", *recovering_);
  pruning_.visit(archive);
}

void RnpDefense::run(const DefenseRun& run) {
  do_and_finish(
      [&] {
        unlearn(run);
        recover(run);
      },
      [&] { restore(); });
  pruning_.run(masks_, run);
}

void RnpDefense::restore() const {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < original_.size(); ++i)
    model_.model().weight(i).detach().copy_(original_[i]);
}

void RnpDefense::unlearn(const DefenseRun& run) {
  const auto& options = options_.unlearning;
  unlearning_.emplace(model_.model().parameters(), options.optimizer);
  EpochTrainer trainer({model_, *unlearning_, schedule_, workspace_.generator()}, pruning_.learn(),
                       options, {.loss_factor = -1});
  double accuracy = 1;
  run.part(
      {.stage = "unlearning the clean images",
       .table = "unlearning",
       .rounds = options_.unlearning_rounds,
       .measured = true},
      [&](const Round& round) {
        const auto sums = trainer.run_epoch(round, run.control());
        accuracy = sums.accuracy();
        return Figures{{"loss", sums.mean_loss()}, {"trainAcc", accuracy}};
      },
      [&](const Figures&) { return accuracy <= options_.unlearned_accuracy; });
  unlearning_.reset();
}

void RnpDefense::recover(const DefenseRun& run) {
  const MaskedPasses passes(model_, pruning_.norms());
  recovering_.emplace(std::vector{masks_}, options_.recovering);
  run.part({.stage = "recovering them through masks",
            .table = "recovering",
            .rounds = options_.recovering_rounds,
            .measured = false},
           [&](const Round& round) { return recover_round(round, passes, run.control()); });
  recovering_.reset();
}

Figures RnpDefense::recover_round(const Round& round, const MaskedPasses& passes,
                                  const RunControl& control) {
  const auto& options = options_.unlearning;
  const auto& learn = pruning_.learn();
  const auto order = torch::randperm(learn.size(), workspace_.generator(), torch::kInt64)
                         .to(workspace_.device())
                         .split(options.batch_size);
  EpochSums sums(workspace_.device(), static_cast<int64_t>(order.size()));
  int64_t done = 0;
  for (const auto& positions : order) {
    control.throw_if_cancelled();
    const auto images = augment(learn.select(positions), options.crop_padding, options.flip,
                                workspace_.generator());
    TrainingBatch batch{.input = model_.normalizer()(to_pixels(images)),
                        .labels = learn.labels.index_select(0, positions),
                        .true_labels = learn.true_labels.index_select(0, positions)};
    const auto logits = passes.logits(batch.input, masks_, {});
    const auto loss = options_.recovering_share * torch::cross_entropy_loss(logits, batch.labels);
    recovering_->zero_grad();
    loss.backward();
    recovering_->step();
    const torch::NoGradGuard no_grad;
    masks_.clamp_(0, 1);
    sums.add(loss, logits.argmax(1), batch);
    control.report(BatchDone{.round = round.index,
                             .rounds = round.of,
                             .batch = ++done,
                             .batches = static_cast<int64_t>(order.size())});
  }
  return {{"loss", sums.mean_loss()}, {"trainAcc", sums.accuracy()}};
}

}  // namespace sau
