#include "sau/unlearner.h"

#include <chrono>

#include "sau/device.h"
#include "sau/optimizer.h"
#include "sau/projection.h"

namespace sau {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

torch::Tensor part(const torch::Tensor& t, int64_t begin, int64_t end) {
  return t.slice(0, begin, end);
}

CleanBatch part(const CleanBatch& batch, int64_t begin, int64_t end) {
  return {part(batch.pixels, begin, end), part(batch.labels, begin, end),
          part(batch.reference_clean, begin, end)};
}

Perturbation part(const Perturbation& perturbation, int64_t begin, int64_t end) {
  return {part(perturbation.delta, begin, end), part(perturbation.reference_perturbed, begin, end)};
}

/// Calls visit(begin, end) for the pieces of a batch that fit the device's cache.
template <typename Visit>
void for_each_piece(const CleanBatch& batch, Visit&& visit) {
  const int64_t count = batch.pixels.size(0);
  const int64_t step = chunk_size(batch.pixels.device(), count);
  for (int64_t begin = 0; begin < count; begin += step) visit(begin, std::min(begin + step, count));
}

}  // namespace

/// Sums over the steps of a round, kept on the device and read once.
struct Unlearner::RoundSums {
  torch::Tensor losses;  ///< [3]: total, clean, shared
  torch::Tensor suspects;
  int64_t steps = 0;
  int64_t images = 0;

  void add(const OuterLosses& outer) {
    const auto now = torch::stack({outer.total, outer.clean, outer.shared});
    losses = losses.defined() ? losses + now : now;
    suspects = suspects.defined() ? suspects + outer.suspects.sum() : outer.suspects.sum();
    steps += 1;
    images += outer.suspects.size(0);
  }
};

CleanBatch Unlearner::batch(const torch::Tensor& positions) const {
  return {clean_subset_.pixels(positions), clean_subset_.labels.index_select(0, positions),
          reference_clean_.index_select(0, positions)};
}

Perturbation Unlearner::perturb(const CleanBatch& batch, const PgdOptions& options) {
  return perturb_pieces(
      batch, options,
      [&](const CleanBatch& piece) {
        const torch::NoGradGuard no_grad;
        return frozen_trainee_.logits(piece.pixels);
      },
      [](const CleanBatch&, const Perturbation&, const torch::Tensor&) {});
}

template <typename CleanLogits, typename Found>
Perturbation Unlearner::perturb_pieces(const CleanBatch& batch, const PgdOptions& options,
                                       CleanLogits&& clean_logits, Found&& found) {
  const SharedPgd pgd(frozen_trainee_, frozen_reference_, options);
  const auto start = initial_delta(batch.pixels, options.init, options.ball.bound, generator_);
  std::vector<torch::Tensor> deltas, reference;
  for_each_piece(batch, [&](int64_t begin, int64_t end) {
    const auto piece = part(batch, begin, end);
    const auto logits = clean_logits(piece);
    const auto result =
        pgd.perturb(piece.pixels, part(start, begin, end), piece.labels,
                    {logits.argmax(1), piece.reference_clean}, batch.pixels.size(0), control_);
    found(piece, result, logits);
    deltas.push_back(result.delta);
    reference.push_back(result.reference_perturbed);
  });
  return {torch::cat(deltas), torch::cat(reference)};
}

OuterLosses Unlearner::accumulate(const CleanBatch& batch, const Perturbation& perturbation,
                                  const SauLossOptions& options, OuterRows rows) {
  if (options.train_mode) return accumulate_joint_gradient(trainee_, batch, perturbation, options);
  OuterLosses sum;
  for_each_piece(batch, [&](int64_t begin, int64_t end) {
    control_.throw_if_cancelled();
    const auto piece = part(batch, begin, end);
    sum.add(accumulate_gradient(trainee_, piece, part(perturbation, begin, end),
                                trainee_.logits(piece.pixels), batch.pixels.size(0), options,
                                rows));
  });
  return sum;
}

std::pair<Perturbation, OuterLosses> Unlearner::first_step(const CleanBatch& batch,
                                                           const UnlearnOptions& options) {
  if (options.loss.train_mode) {
    auto perturbation = perturb(batch, options.pgd);
    auto losses = accumulate_joint_gradient(trainee_, batch, perturbation, options.loss);
    return {std::move(perturbation), std::move(losses)};
  }
  OuterLosses sum;
  auto perturbation = perturb_pieces(
      batch, options.pgd,
      // The graph of the clean pass waits for the outer step.
      [&](const CleanBatch& piece) { return trainee_.logits(piece.pixels); },
      [&](const CleanBatch& piece, const Perturbation& found, const torch::Tensor& clean_logits) {
        sum.add(accumulate_gradient(trainee_, piece, found, clean_logits, batch.pixels.size(0),
                                    options.loss, OuterRows::kSuspects));
      });
  return {std::move(perturbation), std::move(sum)};
}

Unlearner::RoundSums Unlearner::run_round(int64_t round, const torch::Tensor& order,
                                          const UnlearnOptions& options,
                                          torch::optim::Optimizer& optimizer) {
  RoundSums sums;
  const auto batches = order.split(options.batch_size);
  int64_t done = 0;
  for (const auto& positions : batches) {
    const auto clean_batch = batch(positions);
    optimizer.zero_grad();
    const auto [perturbation, losses] = first_step(clean_batch, options);
    sums.add(losses);
    optimizer.step();
    for (int64_t step = 1; step < options.outer_steps; ++step) {
      optimizer.zero_grad();
      sums.add(accumulate(clean_batch, perturbation, options.loss, OuterRows::kSuspects));
      optimizer.step();
    }
    frozen_trainee_.refresh();
    control_.report({.kind = Progress::Kind::kBatch,
                     .round = round,
                     .rounds = options.rounds,
                     .batch = ++done,
                     .batches = static_cast<int64_t>(batches.size())});
  }
  return sums;
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
  const auto optimizer = make_optimizer(trainee_.model().parameters(), options.optimizer);
  for (int64_t round = 0; round < options.rounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    const auto order = options.batch_order.empty()
                           ? torch::randperm(count, generator_, torch::kInt64)
                           : replayed.slice(0, round * count, (round + 1) * count);
    const auto sums = run_round(round, order.to(device), options, *optimizer);
    const auto losses =
        (sums.losses / static_cast<double>(sums.steps)).to(torch::kCPU, torch::kFloat64);
    Progress report{
        .kind = Progress::Kind::kRound,
        .round = round,
        .rounds = options.rounds,
        .loss = losses[0].item<double>(),
        .clean_loss = losses[1].item<double>(),
        .shared_loss = losses[2].item<double>(),
        .suspect_share = sums.suspects.item<double>() / static_cast<double>(sums.images)};
    if (!std::isfinite(report.loss)) {
      throw Error("ERR_DIVERGED", "Expected a finite loss but it is " +
                                      std::to_string(report.loss) + " in round " +
                                      std::to_string(round + 1) +
                                      ". Lower --learning-rate, or check the checkpoint's weights");
    }
    const bool last = round + 1 == options.rounds;
    if (options.eval_every > 0 && (last || (round + 1) % options.eval_every == 0))
      report.metrics = evaluate();
    report.seconds = seconds_since(start);
    control_.report(report);
  }
}

}  // namespace sau
