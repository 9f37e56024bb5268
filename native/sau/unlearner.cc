#include "sau/unlearner.h"

#include <chrono>

#include "sau/device.h"
#include "sau/guards.h"
#include "sau/optimizer.h"
#include "sau/predict.h"
#include "sau/shared_pgd.h"

namespace sau {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

torch::Tensor mean_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                 int64_t batch_size) {
  namespace F = torch::nn::functional;
  return F::cross_entropy(logits, labels, F::CrossEntropyFuncOptions().reduction(torch::kSum)) /
         static_cast<double>(batch_size);
}

}  // namespace

/// Sums over the batches of a round, kept on the device and read once.
struct Unlearner::RoundSums {
  torch::Tensor losses;  ///< [3]: total, clean, shared
  torch::Tensor suspects;
  int64_t steps = 0;
  int64_t images = 0;

  void add(const OuterLosses& outer) {
    const auto now = torch::stack({outer.total, outer.clean, outer.shared});
    const auto suspects_now = outer.suspects.sum();
    losses = losses.defined() ? losses + now : now;
    suspects = suspects.defined() ? suspects + suspects_now : suspects_now;
    steps += 1;
    images += outer.suspects.size(0);
  }
};

Unlearner::Unlearner(const PixelClassifier& trainee, const PixelClassifier& reference,
                     const ImageSet& clean_subset, torch::Generator& generator,
                     const RunControl& control)
    : trainee_(trainee),
      reference_(reference),
      clean_subset_(clean_subset),
      generator_(generator),
      control_(control),
      reference_clean_(predict(reference, clean_subset, control)) {}

CleanBatch Unlearner::batch(const torch::Tensor& positions) const {
  return {clean_subset_.pixels(positions), clean_subset_.labels.index_select(0, positions),
          reference_clean_.index_select(0, positions)};
}

torch::Tensor Unlearner::perturb(const CleanBatch& batch, const PgdOptions& options) {
  const ModeGuard eval(trainee_.model(), false);
  const FrozenParametersGuard frozen(trainee_.model());
  const CleanPredictions clean{predict(trainee_, batch.pixels), batch.reference_clean};
  return SharedPgd(trainee_, reference_, options)
      .perturb(batch.pixels, batch.labels, clean, generator_, control_);
}

OuterLosses Unlearner::accumulate_gradient(const CleanBatch& batch, const torch::Tensor& delta,
                                           const SauLossOptions& options) {
  const ModeGuard mode(trainee_.model(), options.train_mode);
  const int64_t count = batch.pixels.size(0);
  // In training mode batch norm joins the images of a batch, so that it must go through in one
  // piece.
  const int64_t step = options.train_mode ? count : chunk_size(batch.pixels.device(), count);
  OuterLosses sums;
  std::vector<torch::Tensor> suspects;
  for (int64_t begin = 0; begin < count; begin += step) {
    const auto part = [&](const torch::Tensor& t) {
      return t.slice(0, begin, std::min(begin + step, count));
    };
    const auto now =
        chunk_gradient({part(batch.pixels), part(batch.labels), part(batch.reference_clean)},
                       part(delta), count, options);
    suspects.push_back(now.suspects);
    const auto add = [](torch::Tensor& sum, const torch::Tensor& t) {
      sum = sum.defined() ? sum + t : t;
    };
    add(sums.total, now.total);
    add(sums.clean, now.clean);
    add(sums.adversarial, now.adversarial);
    add(sums.shared, now.shared);
  }
  sums.suspects = torch::cat(suspects);
  return sums;
}

OuterLosses Unlearner::chunk_gradient(const CleanBatch& chunk, const torch::Tensor& delta,
                                      int64_t batch_size, const SauLossOptions& options) {
  control_.throw_if_cancelled();
  const auto perturbed = chunk.pixels + delta;
  const auto reference_perturbed = predict(reference_, perturbed);
  const auto is_suspect = suspects(reference_perturbed, chunk.reference_clean, chunk.labels);

  const auto logits = trainee_.logits(torch::cat({chunk.pixels, perturbed})).chunk(2);
  const auto clean = mean_cross_entropy(logits[0], chunk.labels, batch_size);
  const auto adversarial = mean_cross_entropy(logits[1], chunk.labels, batch_size);
  const auto shared = shared_risk(logits[1], reference_perturbed, is_suspect, batch_size);
  auto total = options.lambda1 * clean + options.lambda3 * shared;
  if (options.lambda2 != 0) total = total + options.lambda2 * adversarial;
  total.backward();
  return {total.detach(), clean.detach(), adversarial.detach(), shared.detach(), is_suspect};
}

Unlearner::RoundSums Unlearner::run_round(int64_t round, const torch::Tensor& order,
                                          const UnlearnOptions& options,
                                          torch::optim::Optimizer& optimizer) {
  RoundSums sums;
  const auto batches = order.split(options.batch_size);
  int64_t done = 0;
  for (const auto& positions : batches) {
    const auto clean_batch = batch(positions);
    const auto delta = perturb(clean_batch, options.pgd);
    for (int64_t step = 0; step < options.outer_steps; ++step) {
      optimizer.zero_grad();
      sums.add(accumulate_gradient(clean_batch, delta, options.loss));
      optimizer.step();
    }
    control_.report({.kind = Progress::Kind::kBatch,
                     .round = round,
                     .rounds = options.rounds,
                     .batch = ++done,
                     .batches = static_cast<int64_t>(batches.size())});
  }
  return sums;
}

int64_t Unlearner::run(const UnlearnOptions& options, const std::function<Metrics()>& evaluate) {
  const int64_t count = clean_subset_.size();
  const auto device = clean_subset_.images.device();
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
  return options.rounds;
}

}  // namespace sau
