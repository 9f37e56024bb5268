#include "sau/victim_trainer.h"

#include "sau/guards.h"
#include "sau/stopwatch.h"

namespace sau {
namespace {

/// The kinds of the images of a set, uint8 [N] on the device; undefined where it is not said which
/// have the trigger.
torch::Tensor kinds_of(const ImageSet& train, const std::vector<int64_t>& poisoned_positions) {
  if (poisoned_positions.empty()) return {};
  const auto positions = torch::tensor(poisoned_positions, torch::kInt64).to(train.images.device());
  return torch::zeros({train.size()}, train.images.options())
      .index_fill_(0, positions, static_cast<int64_t>(ImageKind::kPoisoned));
}

/// A batch of a set that is poisoned already. kinds: of the set.
TrainingBatch ordinary_batch(const TrainingState& state, const ImageSet& train,
                             const torch::Tensor& kinds, const torch::Tensor& positions,
                             const TrainOptions& options) {
  const auto images = augment(train.images.index_select(0, positions), options.crop_padding,
                              options.flip, state.generator);
  TrainingBatch batch{.input = state.model.normalizer()(to_pixels(images)),
                      .labels = train.labels.index_select(0, positions),
                      .true_labels = train.true_labels.index_select(0, positions)};
  if (kinds.defined()) batch.kinds = kinds.index_select(0, positions);
  return batch;
}

/// Predictions that are as they should be, among images of one kind. On the device.
struct Hits {
  torch::Tensor right, images;  ///< int64

  explicit Hits(const torch::Device& device)
      : right(torch::zeros({}, torch::TensorOptions(device).dtype(torch::kInt64))),
        images(torch::zeros_like(right)) {}
  /// among: bool [b], the images of the kind.
  void add(const torch::Tensor& hit, const torch::Tensor& among) {
    right += hit.logical_and(among).sum();
    images += among.sum();
  }
  /// NaN where there were no images.
  double share() const { return right.item<double>() / images.item<double>(); }
};

/// Sums of an epoch, on the device.
struct EpochSums {
  EpochSums(const torch::Device& device, int64_t batch_count)
      : loss(torch::zeros({}, device)),
        batches(batch_count),
        all(device),
        clean(device),
        attacked(device),
        robust(device),
        crossed(device) {}

  torch::Tensor loss;  ///< sum over batches of the batch mean
  int64_t batches;
  Hits all;
  Hits clean, attacked, robust, crossed;  ///< where kinds are told apart

  void add(const torch::Tensor& predicted, const TrainingBatch& batch) {
    const auto hit = predicted.eq(batch.labels);
    all.add(hit, torch::ones_like(hit));
    if (!batch.kinds.defined()) return;
    const auto of = [&](ImageKind kind) { return batch.kinds.eq(static_cast<int64_t>(kind)); };
    clean.add(hit, of(ImageKind::kClean));
    attacked.add(hit, of(ImageKind::kPoisoned));
    robust.add(predicted.eq(batch.true_labels), of(ImageKind::kPoisoned));
    crossed.add(hit, of(ImageKind::kCrossed));
  }

  AttackShares shares() const {
    return {.clean_acc = clean.share(),
            .asr = attacked.share(),
            .ra = robust.share(),
            .cross_train_acc = crossed.share()};
  }
};

/// Batches of an epoch. Throws ERR_CONFIG where there is none.
int64_t batches_of(const ImageSet& train, const TrainOptions& options) {
  TORCH_CHECK(options.batch_size > 0, "the batch size must be above 0, got ", options.batch_size);
  const int64_t full = train.size() / options.batch_size;
  const int64_t batches =
      options.drop_last ? full : (train.size() + options.batch_size - 1) / options.batch_size;
  if (batches > 0) return batches;
  throw Error("ERR_CONFIG", "Expected a --batch-size of at most " + std::to_string(train.size()) +
                                " training images but received " +
                                std::to_string(options.batch_size));
}

/// One pass over the training set.
EpochSums train_epoch(const TrainingState& state, const ImageSet& train, const torch::Tensor& kinds,
                      const TrainOptions& options, int64_t epoch, const RunControl& control,
                      InBatchAttack* attack) {
  const auto device = train.images.device();
  const ModeGuard training(state.model.model(), true);
  const auto order = torch::randperm(train.size(), state.generator, torch::kInt64).to(device);
  if (attack) attack->start_epoch(train, epoch);
  EpochSums sums(device, batches_of(train, options));
  for (int64_t batch = 0; batch < sums.batches; ++batch) {
    control.throw_if_cancelled();
    // The middle of the batch, so that no step has a rate of 0.
    const double part = (static_cast<double>(batch) + 0.5) / static_cast<double>(sums.batches);
    state.optimizer.set_learning_rate(state.schedule.rate_at(static_cast<double>(epoch) + part));
    const auto positions =
        order.slice(0, batch * options.batch_size, (batch + 1) * options.batch_size);
    const auto made = attack ? attack->batch(train, positions)
                             : ordinary_batch(state, train, kinds, positions, options);
    state.optimizer.zero_grad();
    const auto logits = state.model.logits_of_input(made.input);
    auto loss = torch::cross_entropy_loss(logits, made.labels);
    if (made.extra_loss.defined()) loss = loss + made.extra_loss;
    loss.backward();
    state.optimizer.step();
    if (attack) attack->step();
    sums.loss += loss.detach();
    sums.add(logits.argmax(1), made);
    control.report({.kind = Progress::Kind::kBatch,
                    .round = epoch,
                    .rounds = options.epochs,
                    .batch = batch + 1,
                    .batches = sums.batches});
  }
  return sums;
}

/// Mean loss of an epoch. Throws ERR_DIVERGED.
double mean_loss_of(const EpochSums& sums, int64_t epoch) {
  const double mean = sums.loss.item<double>() / static_cast<double>(sums.batches);
  if (std::isfinite(mean)) return mean;
  throw Error("ERR_DIVERGED", "Expected a finite training loss but it is " + std::to_string(mean) +
                                  " in epoch " + std::to_string(epoch + 1) +
                                  ". Lower --learning-rate");
}

}  // namespace

torch::Tensor augment(const torch::Tensor& images, int64_t crop_padding, bool flip,
                      torch::Generator& generator) {
  const int64_t count = images.size(0), height = images.size(2), width = images.size(3);
  const auto device = images.device();
  const auto draw = [&](int64_t high) {
    return torch::randint(high, {count, 1}, generator, torch::kInt64).to(device);
  };
  auto columns = torch::arange(width, torch::TensorOptions(device).dtype(torch::kInt64))
                     .expand({count, width});
  if (flip) {
    const auto flipped = draw(2);
    columns = flipped * (width - 1) + (1 - 2 * flipped) * columns;  // j or width - 1 - j
  }
  auto rows = torch::arange(height, columns.options()).expand({count, height});
  auto source = images;
  if (crop_padding > 0) {
    source =
        torch::constant_pad_nd(images, {crop_padding, crop_padding, crop_padding, crop_padding});
    rows = rows + draw(2 * crop_padding + 1);
    columns = columns + draw(2 * crop_padding + 1);
  }
  const int64_t source_width = source.size(3);
  const auto index =
      (rows.unsqueeze(2) * source_width + columns.unsqueeze(1)).view({count, 1, height * width});
  return source.flatten(2)
      .gather(2, index.expand({count, images.size(1), height * width}))
      .view(images.sizes());
}

void train_victim(const TrainingState& state, const ImageSet& train, const TrainOptions& options,
                  const RunControl& control, const std::function<void(Progress&)>& measure_epoch,
                  InBatchAttack* attack) {
  const auto kinds = kinds_of(train, options.poisoned_positions);
  for (int64_t epoch = options.first_epoch; epoch < options.stop_epoch; ++epoch) {
    const Stopwatch watch;
    const auto sums = train_epoch(state, train, kinds, options, epoch, control, attack);
    const double mean_loss = mean_loss_of(sums, epoch);
    state.schedule.end_epoch(mean_loss);
    Progress report{.kind = Progress::Kind::kRound,
                    .round = epoch,
                    .rounds = options.epochs,
                    .loss = mean_loss,
                    .clean_loss = mean_loss,
                    .shared_loss = 0,
                    .train_acc = sums.all.share()};
    if (attack || kinds.defined()) report.attack = sums.shares();
    const bool last = epoch + 1 == options.epochs;
    if (options.eval_every > 0 && (last || (epoch + 1) % options.eval_every == 0))
      measure_epoch(report);
    report.seconds = watch.seconds();
    control.report(report);
  }
}

}  // namespace sau
