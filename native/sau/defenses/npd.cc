#include "sau/defenses/npd.h"

#include "sau/net/cost.h"
#include "sau/precision.h"
#include "sau/train_epoch.h"

namespace sau {
namespace {

/// The trainee of a workspace once it has a polarizer.
PolarizedTrainee polarized_trainee(Workspace& workspace) {
  workspace.polarize_trainee();
  const auto precision = outer_dtype(workspace.options().precision);
  return {workspace.model(ModelRole::kTrainee), workspace.normalizer(), precision,
          workspace.images_per_piece(ImageRole::kCleanSubset, precision)};
}

/// Without momentum and decay.
OptimizerOptions plain_sgd(double learning_rate) {
  return {.kind = OptimizerOptions::Kind::kSgd,
          .learning_rate = learning_rate,
          .weight_decay = 0,
          .momentum = 0,
          .nesterov = false,
          .adam_beta1 = 0,
          .adam_beta2 = 0};
}

TrainingBatch training_batch_of(const PixelBatch& batch) {
  return {.input = batch.pixels, .labels = batch.labels, .true_labels = batch.labels};
}

}  // namespace

NpdDefense::NpdDefense(Workspace& workspace, const NpdOptions& options, const RunControl&)
    : workspace_(workspace),
      options_(options),
      clean_subset_(workspace.images(ImageRole::kCleanSubset)),
      trainee_(polarized_trainee(workspace)) {
  TORCH_CHECK(options_.batch_size > 0, "expected a batch size > 0, got ", options_.batch_size);
  require_whole_batches();
}

int64_t NpdDefense::batches() const {
  return (clean_subset_.size() + options_.batch_size - 1) / options_.batch_size;
}

/// Throws ERR_CONFIG where a batch is a single image whose norm has nothing to average.
void NpdDefense::require_whole_batches() const {
  if (options_.warmup_rounds == 0 && !options_.polarizing.train_mode) return;
  if (options_.batch_size != 1 && clean_subset_.size() % options_.batch_size != 1) return;
  const auto& graph = workspace_.model(ModelRole::kTrainee).model().graph();
  const auto& images = clean_subset_.images;
  const auto shape = shapes_of(graph, images.size(2), images.size(3))[find_polarizer(graph)->norm];
  if (shape[1] * shape[2] > 1) return;
  throw Error("ERR_CONFIG", "Expected a batchSize that leaves no single image of " +
                                std::to_string(clean_subset_.size()) +
                                " clean images over but received " +
                                std::to_string(options_.batch_size) +
                                ": at this image size the norm of the polarizer sees one pixel of "
                                "an image, and one value has no variance. Choose another "
                                "batchSize");
}

void NpdDefense::run(const DefenseRun& run) {
  if (options_.warmup_rounds > 0) {
    warming_.emplace(trainee_.parameters(), plain_sgd(options_.warmup_rate));
    run.part({.stage = "warming the polarizer up",
              .table = "warmup",
              .rounds = options_.warmup_rounds,
              .measured = false},
             [&](const Round& round) { return warm_up(round, run.control()); });
    warming_.reset();
    run.begin_stage("training the polarizer");
  }
  optimizer_.emplace(trainee_.parameters(), options_.optimizer);
  run.rounds([&](const Round& round) { return polarize(round, run.control()); });
}

Figures NpdDefense::warm_up(const Round& round, const RunControl& control) {
  EpochSums sums(workspace_.device(), batches());
  for_each_batch(round, control, [&](const PixelBatch& batch) {
    warming_->zero_grad();
    const auto [loss, logits] = trainee_.accumulate_cross_entropy(batch);
    warming_->step();
    sums.add(loss, logits.argmax(1), training_batch_of(batch));
  });
  return {{"loss", sums.mean_loss()}, {"trainAcc", sums.accuracy()}};
}

Figures NpdDefense::polarize(const Round& round, const RunControl& control) {
  EpochSums sums(workspace_.device(), batches());
  auto kept = torch::zeros({}, workspace_.device());
  for_each_batch(round, control, [&](const PixelBatch& batch) {
    optimizer_->zero_grad();
    const auto outcome = trainee_.accumulate(batch, options_.polarizing);
    optimizer_->step();
    sums.add(outcome.total, outcome.predicted, training_batch_of(batch));
    kept += outcome.kept;
  });
  return {{"loss", sums.mean_loss()},
          {"perturbedLoss", kept.item<double>() / static_cast<double>(batches())},
          {"trainAcc", sums.accuracy()}};
}

void NpdDefense::for_each_batch(const Round& round, const RunControl& control,
                                const std::function<void(const PixelBatch& batch)>& learn) {
  const auto order = torch::randperm(clean_subset_.size(), workspace_.generator(), torch::kInt64)
                         .to(workspace_.device());
  int64_t done = 0;
  for (const auto& positions : order.split(options_.batch_size)) {
    control.throw_if_cancelled();
    learn({clean_subset_.pixels(positions), clean_subset_.labels.index_select(0, positions)});
    control.report(
        BatchDone{.round = round.index, .rounds = round.of, .batch = ++done, .batches = batches()});
  }
}

void NpdDefense::visit(StateArchive& archive) {
  // The statistics of the polarizer are among the trainee's weights.
  if (warming_) archive.part("warming", *warming_);
  if (optimizer_) archive.part("optimizer", *optimizer_);
}

}  // namespace sau
