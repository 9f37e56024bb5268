#include "sau/train_epoch.h"

#include "sau/guards.h"
#include "sau/net/cost.h"

namespace sau {

Hits::Hits(const torch::Device& device)
    : right_(torch::zeros({}, torch::TensorOptions(device).dtype(torch::kInt64))),
      images_(torch::zeros_like(right_)) {}

void Hits::add(const torch::Tensor& hit, const torch::Tensor& among) {
  right_ += hit.logical_and(among).sum();
  images_ += among.sum();
}

EpochSums::EpochSums(const torch::Device& device, int64_t batches)
    : loss_(torch::zeros({}, device)),
      batches_(batches),
      all_(device),
      clean_(device),
      attacked_(device),
      robust_(device),
      crossed_(device) {}

void EpochSums::add(const torch::Tensor& loss, const torch::Tensor& predicted,
                    const TrainingBatch& batch) {
  loss_ += loss.detach();
  const auto hit = predicted.eq(batch.labels);
  all_.add(hit, torch::ones_like(hit));
  if (!batch.kinds.defined()) return;
  const auto of = [&](ImageKind kind) { return batch.kinds.eq(static_cast<int64_t>(kind)); };
  clean_.add(hit, of(ImageKind::kClean));
  attacked_.add(hit, of(ImageKind::kPoisoned));
  robust_.add(predicted.eq(batch.true_labels), of(ImageKind::kPoisoned));
  crossed_.add(hit, of(ImageKind::kCrossed));
}

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

EpochTrainer::EpochTrainer(const TrainingState& state, const ImageSet& train,
                           const EpochOptions& options, EpochExtras extras)
    : state_(state), train_(train), options_(options), extras_(std::move(extras)) {
  batches();
}

EpochSums EpochTrainer::run_epoch(const Round& epoch, const RunControl& control) {
  const auto device = train_.device();
  const int64_t batches = this->batches();
  const ModeGuard training(state_.model.model(), true);
  const auto drawn = torch::randperm(train_.size(), state_.generator, torch::kInt64);
  const auto order = drawn.to(device);
  if (extras_.attack) extras_.attack->start_epoch(train_, epoch.index);
  EpochSums sums(device, batches);
  for (int64_t batch = 0; batch < batches; ++batch) {
    control.throw_if_cancelled();
    // The middle of the batch, so that no step has a rate of 0.
    const double part = (static_cast<double>(batch) + 0.5) / static_cast<double>(batches);
    state_.optimizer.set_learning_rate(
        state_.schedule.rate_at(static_cast<double>(epoch.index) + part));
    const int64_t begin = batch * options_.batch_size, end = begin + options_.batch_size;
    const auto positions = order.slice(0, begin, end);
    train_.will_need(drawn.slice(0, end, end + options_.batch_size));
    const auto made =
        extras_.attack ? extras_.attack->batch(train_, positions) : ordinary_batch(positions);
    const auto [loss, logits] = extras_.step ? extras_.step(made) : ordinary_step(made);
    if (extras_.after_step) extras_.after_step();
    if (extras_.attack) extras_.attack->step();
    sums.add(loss, logits.argmax(1), made);
    control.report(BatchDone{
        .round = epoch.index, .rounds = epoch.of, .batch = batch + 1, .batches = batches});
  }
  state_.schedule.end_epoch(sums.mean_loss());
  return sums;
}

StepOutcome EpochTrainer::ordinary_step(const TrainingBatch& batch) {
  state_.optimizer.zero_grad();
  const auto logits = state_.model.logits_of_input(batch.input);
  auto loss = torch::cross_entropy_loss(logits, batch.labels);
  if (batch.extra_loss.defined()) loss = loss + batch.extra_loss;
  if (extras_.loss_factor != 1) loss = loss * extras_.loss_factor;
  loss.backward();
  state_.optimizer.step();
  return {loss, logits};
}

/// Number of batches of an epoch. Throws ERR_CONFIG if there is none, and where the last one is a
/// single image whose batch norms have nothing to average.
int64_t EpochTrainer::batches() const {
  TORCH_CHECK(options_.batch_size > 0, "the batch size must be above 0, got ", options_.batch_size);
  const int64_t full = train_.size() / options_.batch_size;
  const int64_t batches =
      extras_.drop_last ? full : (train_.size() + options_.batch_size - 1) / options_.batch_size;
  const int64_t over = extras_.drop_last ? 0 : train_.size() % options_.batch_size;
  const auto& graph = state_.model.model().graph();
  if ((over == 1 || options_.batch_size == 1) &&
      norms_single_pixels(graph, train_.images.size(2), train_.images.size(3))) {
    throw Error("ERR_CONFIG",
                "Expected a batchSize that leaves no single image of " +
                    std::to_string(train_.size()) + " training images over but received " +
                    std::to_string(options_.batch_size) +
                    ": at this image size a batch norm of the model sees one pixel of an image, "
                    "and one value has no variance. Choose another batchSize");
  }
  if (batches > 0) return batches;
  throw Error("ERR_CONFIG", "Expected at most " + std::to_string(train_.size()) +
                                ", the number of training images, for batchSize but received " +
                                std::to_string(options_.batch_size) + ". Lower batchSize");
}

/// A batch of a set that is poisoned already, or clean.
TrainingBatch EpochTrainer::ordinary_batch(const torch::Tensor& positions) {
  const auto images =
      augment(train_.select(positions), options_.crop_padding, options_.flip, state_.generator);
  TrainingBatch batch{.input = state_.model.normalizer()(to_pixels(images)),
                      .labels = train_.labels.index_select(0, positions),
                      .true_labels = train_.true_labels.index_select(0, positions)};
  if (extras_.kinds.defined()) batch.kinds = extras_.kinds.index_select(0, positions);
  return batch;
}

}  // namespace sau
