#include "sau/defenses/rnp.h"

#include <tuple>

#include "sau/guards.h"

namespace sau {

RnpDefense::RnpDefense(Workspace& workspace, const RnpOptions& options, const RunControl&)
    : workspace_(workspace),
      options_(options),
      model_(workspace.model(ModelRole::kTrainee)),
      norms_(require_norms(batch_norms_of(model_.model().graph()), kName, "batch norms")),
      pruner_(model_.model(), norms_),
      split_(options_.selection.select == Select::kClean
                 ? std::optional(split_clean(workspace.images(ImageRole::kCleanSubset)))
                 : std::nullopt),
      learn_(split_ ? split_->learn : workspace.images(ImageRole::kCleanSubset)),
      masks_(torch::ones({pruner_.channels()}, workspace.device()).requires_grad_()),
      schedule_(options.unlearning.optimizer.learning_rate, options.unlearning.schedule) {
  for (const auto& weight : model_.model().weights()) original_.push_back(weight.detach().clone());
}

void RnpDefense::visit(StateArchive& archive) {
  archive("masks", masks_);
  if (unlearning_) archive.part("unlearning", *unlearning_);
  if (unlearning_) archive.part("schedule", schedule_);
  if (recovering_) archive.part("recovering", *recovering_);
  archive("threshold", threshold_);
  archive("number", number_);
}

void RnpDefense::run(const DefenseRun& run) {
  do_and_finish(
      [&] {
        unlearn(run);
        recover(run);
      },
      [&] { restore(); });
  const RankedMasks ranked(masks_, norms_);
  run.steps(1, [&](int64_t) {
    ranked.report(run);
    const MaskLadder masks(ranked, options_.ladder, /*ahead=*/false);
    run.begin_stage("choosing a threshold");
    std::tie(threshold_, number_) = choose(masks, run);
    require_rest(number_, pruner_.channels(), "threshold");
  });
  run.rounds([&](const Round&) {
    const int64_t cut = pruner_.cut(ranked.lowest(number_), /*biases=*/false);
    return Figures{{"prunedShare", share_of(cut, pruner_.channels())}, {"threshold", threshold_}};
  });
}

void RnpDefense::restore() const {
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < original_.size(); ++i)
    model_.model().weight(i).detach().copy_(original_[i]);
}

void RnpDefense::unlearn(const DefenseRun& run) {
  const auto& options = options_.unlearning;
  unlearning_.emplace(model_.model().parameters(), options.optimizer);
  EpochTrainer trainer({model_, *unlearning_, schedule_, workspace_.generator()}, learn_, options,
                       {.loss_factor = -1});
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
  const MaskedPasses passes(model_, norms_);
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
  const auto order = torch::randperm(learn_.size(), workspace_.generator(), torch::kInt64)
                         .to(workspace_.device())
                         .split(options.batch_size);
  EpochSums sums(workspace_.device(), static_cast<int64_t>(order.size()));
  int64_t done = 0;
  for (const auto& positions : order) {
    control.throw_if_cancelled();
    const auto images = augment(learn_.select(positions), options.crop_padding, options.flip,
                                workspace_.generator());
    TrainingBatch batch{.input = model_.normalizer()(to_pixels(images)),
                        .labels = learn_.labels.index_select(0, positions),
                        .true_labels = learn_.true_labels.index_select(0, positions)};
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

std::pair<double, int64_t> RnpDefense::choose(const MaskLadder& masks, const DefenseRun& run) {
  const auto ladder = masks.ladder(pruner_);
  if (!split_) {
    report_ladder(ladder, run);
    return {options_.ladder.threshold, masks.number_at(options_.ladder.threshold)};
  }
  const auto accuracy = [&] {
    return accuracy_on(workspace_.frozen(ModelRole::kTrainee, torch::kFloat32), split_->judge,
                       run.control());
  };
  const double before = accuracy();
  const auto choice = choose_by_clean(ladder, options_.selection.max_drop, before, accuracy, run);
  const double threshold = masks.thresholds()[static_cast<size_t>(choice.kept)];
  return {threshold, masks.number_at(threshold)};
}

}  // namespace sau
