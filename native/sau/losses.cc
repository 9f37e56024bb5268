#include "sau/losses.h"

#include <limits>

namespace sau {
namespace {

torch::Tensor cross_entropy_per_image(const torch::Tensor& logits, const torch::Tensor& labels) {
  return torch::nn::functional::cross_entropy(
      logits, labels, torch::nn::functional::CrossEntropyFuncOptions().reduction(torch::kNone));
}

/// Jensen-Shannon divergence of two distributions that are clamped and not normalized again: [N].
torch::Tensor jensen_shannon(const torch::Tensor& logits_a, const torch::Tensor& logits_b) {
  constexpr double kLowest = 1e-8;
  const auto p = logits_a.softmax(1).clamp_min(kLowest);
  const auto q = logits_b.softmax(1).clamp_min(kLowest);
  const auto sum = p + q;
  return (0.5 * (p * p.log() + q * q.log() - sum * (0.5 * sum).log())).sum(1);
}

}  // namespace

InnerLoss inner_loss(const torch::Tensor& trainee_logits, const torch::Tensor& reference_logits,
                     const torch::Tensor& labels, const CleanPredictions& clean, int64_t batch_size,
                     const PgdOptions& options) {
  const auto trainee_now = trainee_logits.argmax(1);
  const auto reference_now = reference_logits.argmax(1);
  const auto trainee_holds = trainee_now.eq(clean.trainee);
  const auto reference_holds = reference_now.eq(clean.reference);
  const auto is_shared =
      trainee_holds.logical_or(reference_holds).logical_not() & trainee_now.eq(reference_now);

  const auto dtype = trainee_logits.scalar_type();
  const auto cross_entropy =
      (cross_entropy_per_image(trainee_logits, labels) * trainee_holds.to(dtype)).sum() +
      (cross_entropy_per_image(reference_logits, labels) * reference_holds.to(dtype)).sum();
  const auto batch = static_cast<double>(batch_size);
  const auto adversarial = -cross_entropy / (2 * batch);
  const auto shared =
      (jensen_shannon(trainee_logits, reference_logits) * is_shared.logical_not().to(dtype)).sum() /
      batch;
  return {adversarial, shared, options.beta1 * adversarial + options.beta2 * shared, is_shared};
}

std::pair<torch::Tensor, torch::Tensor> rescaled_rows(const torch::Tensor& a,
                                                      const torch::Tensor& b) {
  // Below it the reciprocal is infinite.
  constexpr auto kSmallestNormal = static_cast<double>(std::numeric_limits<float>::min());
  const auto largest = torch::maximum(a.abs().amax(1, true), b.abs().amax(1, true));
  const auto scale = torch::where(largest > 0, largest.clamp_min(kSmallestNormal).reciprocal(),
                                  torch::ones_like(largest));
  return {a * scale, b * scale};
}

torch::Tensor suspects(const torch::Tensor& reference_perturbed,
                       const torch::Tensor& reference_clean, const torch::Tensor& labels) {
  return reference_perturbed.ne(labels) & reference_perturbed.ne(reference_clean);
}

torch::Tensor shared_risk(const torch::Tensor& trainee_logits,
                          const torch::Tensor& reference_perturbed, const torch::Tensor& is_suspect,
                          int64_t batch_size) {
  constexpr double kEpsilon = 1e-6;  // keeps the logarithms finite
  constexpr double kClamp = 0.001;   // below this probability an image has no gradient
  const auto probabilities = trainee_logits.softmax(1);
  const auto fooled = reference_perturbed.unsqueeze(1);
  const auto positive = probabilities.gather(1, fooled).squeeze(1);
  const auto negative = probabilities.scatter(1, fooled, 0.0).sum(1);
  const auto risk = -(kEpsilon + negative.clamp_max(1 - kClamp)).log() -
                    (1 + kEpsilon - positive.clamp_min(kClamp)).log();
  const auto mask = is_suspect.to(trainee_logits.scalar_type());
  return (risk * mask).sum() / (2.0 * static_cast<double>(batch_size));
}

}  // namespace sau
