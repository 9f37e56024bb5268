#include "sau/unlearner.h"

#include "sau/predict.h"
#include "sau/projection.h"
#include "sau/repeated_work.h"
#include "sau/stopwatch.h"

namespace sau {
namespace {

torch::Tensor part(const torch::Tensor& t, int64_t begin, int64_t end) {
  return t.slice(0, begin, end);
}

CleanBatch part(const CleanBatch& batch, int64_t begin, int64_t end) {
  return {part(batch.pixels, begin, end), part(batch.labels, begin, end),
          part(batch.reference_clean, begin, end), batch.reference_start.slice(begin, end)};
}

Perturbation part(const Perturbation& perturbation, int64_t begin, int64_t end) {
  return {
      part(perturbation.delta, begin, end), part(perturbation.reference_perturbed, begin, end), {}};
}

/// Calls visit(begin, end) for pieces of at most chunk images.
template <typename Visit>
void for_each_piece(const CleanBatch& batch, int64_t chunk, Visit&& visit) {
  const int64_t count = batch.pixels.size(0);
  for (int64_t begin = 0; begin < count; begin += chunk)
    visit(begin, std::min(begin + chunk, count));
}

}  // namespace

/// Sums over the steps of a round, kept on the device at fixed addresses and read once.
struct Unlearner::RoundSums {
  torch::Tensor losses;    ///< [3]: total, clean, shared
  torch::Tensor suspects;  ///< int64
  torch::Tensor broken;    ///< int64, see Perturbation

  explicit RoundSums(const torch::Device& device)
      : losses(torch::zeros({3}, device)),
        suspects(torch::zeros({}, torch::TensorOptions(device).dtype(torch::kInt64))),
        broken(torch::zeros_like(suspects)) {}

  void reset() {
    losses.zero_();
    suspects.zero_();
    broken.zero_();
  }
  void add(const OuterLosses& outer) {
    losses += torch::stack({outer.total, outer.clean, outer.shared});
    suspects += outer.suspects.sum();
  }
  /// Means over a round of count images.
  Progress report(int64_t count, const UnlearnOptions& options) const {
    const int64_t batches = (count + options.batch_size - 1) / options.batch_size;
    const auto steps = static_cast<double>(batches * options.outer_steps);
    const auto means = (losses / steps).to(torch::kCPU, torch::kFloat64);
    return {.kind = Progress::Kind::kRound,
            .rounds = options.rounds,
            .loss = means[0].item<double>(),
            .clean_loss = means[1].item<double>(),
            .shared_loss = means[2].item<double>(),
            .suspect_share =
                suspects.item<double>() / static_cast<double>(count * options.outer_steps)};
  }
};

CleanBatch Unlearner::batch(const torch::Tensor& positions) const {
  return {clean_subset_.pixels(positions), clean_subset_.labels.index_select(0, positions),
          reference_clean_.index_select(0, positions), reference_start_.select(positions)};
}

torch::Tensor Unlearner::start_of(const torch::Tensor& pixels, const PgdOptions& options) const {
  return initial_delta(pixels, options.init, options.ball.bound, generator_);
}

Perturbation Unlearner::perturb(const CleanBatch& batch, const torch::Tensor& start,
                                const PgdOptions& options) {
  return perturb_pieces(
      batch, start, options,
      [&](const CleanBatch& piece) {
        const torch::NoGradGuard no_grad;
        return models_.frozen_trainee.logits(piece.pixels);
      },
      [](const CleanBatch&, const Perturbation&, const torch::Tensor&) {});
}

Perturbation Unlearner::perturbation(const CleanBatch& batch, const torch::Tensor& delta) const {
  return {delta, predict(models_.frozen_reference, batch.pixels + delta), {}};
}

template <typename CleanLogits, typename Found>
Perturbation Unlearner::perturb_pieces(const CleanBatch& batch, const torch::Tensor& start,
                                       const PgdOptions& options, CleanLogits&& clean_logits,
                                       Found&& found) {
  const SharedPgd pgd(models_.frozen_trainee, models_.frozen_reference, options,
                      plan_.dynamic_shapes);
  std::vector<torch::Tensor> deltas, reference, broken;
  for_each_piece(batch, plan_.chunk, [&](int64_t begin, int64_t end) {
    const auto piece = part(batch, begin, end);
    const auto logits = clean_logits(piece);
    const auto result = pgd.perturb(piece.pixels, part(start, begin, end), piece.labels,
                                    {logits.argmax(1), piece.reference_clean},
                                    piece.reference_start, batch.pixels.size(0), control_);
    found(piece, result, logits);
    deltas.push_back(result.delta);
    reference.push_back(result.reference_perturbed);
    broken.push_back(result.broken);
  });
  return {torch::cat(deltas), torch::cat(reference), torch::stack(broken).sum()};
}

OuterLosses Unlearner::accumulate(const CleanBatch& batch, const Perturbation& perturbation,
                                  const SauLossOptions& options, OuterRows rows) {
  if (options.train_mode)
    return accumulate_joint_gradient(models_.trainee, batch, perturbation, options);
  OuterLosses sum;
  for_each_piece(batch, plan_.chunk, [&](int64_t begin, int64_t end) {
    control_.throw_if_cancelled();
    const auto piece = part(batch, begin, end);
    sum.add(accumulate_gradient(models_.trainee, piece, part(perturbation, begin, end),
                                models_.trainee.logits(piece.pixels), batch.pixels.size(0), options,
                                rows));
  });
  return sum;
}

std::pair<Perturbation, OuterLosses> Unlearner::first_step(const CleanBatch& batch,
                                                           const torch::Tensor& start,
                                                           const UnlearnOptions& options) {
  if (options.loss.train_mode) {
    auto perturbation = perturb(batch, start, options.pgd);
    auto losses = accumulate_joint_gradient(models_.trainee, batch, perturbation, options.loss);
    return {std::move(perturbation), std::move(losses)};
  }
  OuterLosses sum;
  auto perturbation = perturb_pieces(
      batch, start, options.pgd,
      // The graph of the clean pass waits for the outer step.
      [&](const CleanBatch& piece) { return models_.trainee.logits(piece.pixels); },
      [&](const CleanBatch& piece, const Perturbation& found, const torch::Tensor& clean_logits) {
        sum.add(accumulate_gradient(models_.trainee, piece, found, clean_logits,
                                    batch.pixels.size(0), options.loss, rows()));
      });
  return {std::move(perturbation), std::move(sum)};
}

void Unlearner::step(const CleanBatch& batch, const torch::Tensor& start,
                     const UnlearnOptions& options, Optimizer& optimizer, RoundSums& sums) {
  optimizer.zero_grad();
  const auto [perturbation, losses] = first_step(batch, start, options);
  sums.add(losses);
  sums.broken += perturbation.broken;
  optimizer.step();
  for (int64_t step = 1; step < options.outer_steps; ++step) {
    optimizer.zero_grad();
    sums.add(accumulate(batch, perturbation, options.loss, rows()));
    optimizer.step();
  }
  models_.frozen_trainee.refresh();
}

void Unlearner::run(const UnlearnOptions& options, const std::function<Metrics()>& evaluate) {
  const int64_t count = clean_subset_.size();
  const auto device = clean_subset_.images.device();
  TORCH_CHECK(options.batch_size > 0 && options.outer_steps > 0,
              "expected a batch size and outer steps > 0, got ", options.batch_size, " and ",
              options.outer_steps);
  const auto replayed = torch::tensor(options.batch_order, torch::kInt64);
  TORCH_CHECK(options.batch_order.empty() || replayed.numel() == options.rounds * count,
              "the batch order must have rounds * images = ", options.rounds * count,
              " positions, got ", replayed.numel());
  reference_start_ =
      make_reference_start(models_.frozen_reference, clean_subset_, options.pgd, options.rounds,
                           std::min(plan_.chunk, options.batch_size), plan_.cache_bytes, control_);
  Optimizer optimizer(models_.trainee.model().parameters(), options.optimizer);
  RoundSums sums(device);
  const auto do_step = [&](const StepInputs& inputs) {
    const auto clean_batch = batch(inputs[0]);
    const auto& drawn = inputs[1];
    step(clean_batch, drawn.defined() ? drawn : start_of(clean_batch.pixels, options.pgd), options,
         optimizer, sums);
  };
  RepeatedWork recorded_step(do_step, recorder_of(device), on_refusal(plan_, control_));
  const Step any_step = plan_.recorded ? Step(std::ref(recorded_step)) : Step(do_step);
  for (int64_t round = 0; round < options.rounds; ++round) {
    const Stopwatch watch;
    const auto order = options.batch_order.empty()
                           ? torch::randperm(count, generator_, torch::kInt64)
                           : replayed.slice(0, round * count, (round + 1) * count);
    sums.reset();
    run_round(round, order.to(device), options, any_step);
    auto report = sums.report(count, options);
    report.round = round;
    if (!std::isfinite(report.loss)) {
      throw Error("ERR_DIVERGED", "Expected a finite loss but it is " +
                                      std::to_string(report.loss) + " in round " +
                                      std::to_string(round + 1) +
                                      ". Lower --learning-rate, or check the checkpoint's weights");
    }
    require_unbroken(sums.broken.item<int64_t>(), models_.frozen_trainee.precision());
    const bool last = round + 1 == options.rounds;
    if (options.eval_every > 0 && (last || (round + 1) % options.eval_every == 0))
      report.metrics = evaluate();
    report.seconds = watch.seconds();
    control_.report(report);
  }
}

void Unlearner::run_round(int64_t round, const torch::Tensor& order, const UnlearnOptions& options,
                          const Step& step) {
  const auto batches = order.split(options.batch_size);
  int64_t done = 0;
  for (const auto& positions : batches) {
    control_.throw_if_cancelled();
    // Numbers are drawn on the host, hence outside of what is recorded.
    const bool draws = options.pgd.init == DeltaInit::kRandom;
    step({positions,
          draws ? start_of(clean_subset_.pixels(positions), options.pgd) : torch::Tensor()});
    control_.report({.kind = Progress::Kind::kBatch,
                     .round = round,
                     .rounds = options.rounds,
                     .batch = ++done,
                     .batches = static_cast<int64_t>(batches.size())});
  }
}

}  // namespace sau
