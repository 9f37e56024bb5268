#include "sau/outer_step.h"

#include "sau/guards.h"

namespace sau {
namespace {

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                            int64_t batch_size) {
  namespace F = torch::nn::functional;
  return F::cross_entropy(logits, labels, F::CrossEntropyFuncOptions().reduction(torch::kSum)) /
         static_cast<double>(batch_size);
}

torch::Tensor sum_of(const torch::Tensor& a, const torch::Tensor& b) {
  if (!a.defined()) return b;
  return b.defined() ? a + b : a;
}

}  // namespace

void OuterLosses::add(const OuterLosses& next) {
  total = sum_of(total, next.total);
  clean = sum_of(clean, next.clean);
  shared = sum_of(shared, next.shared);
  adversarial = sum_of(adversarial, next.adversarial);
  suspects = suspects.defined() ? torch::cat({suspects, next.suspects}) : next.suspects;
}

CleanAnswer accumulate_clean_gradient(const PixelClassifier& trainee, const CleanBatch& images,
                                      int64_t batch_size, const SauLossOptions& options) {
  const auto logits = trainee.logits(images.pixels);
  const auto loss = cross_entropy(logits, images.labels, batch_size);
  (options.lambda1 * loss).backward();
  return {logits.detach(), loss.detach()};
}

OuterLosses accumulate_perturbed_gradient(const PixelClassifier& trainee, const CleanBatch& images,
                                          const Perturbation& perturbation,
                                          const torch::Tensor& clean_loss, int64_t batch_size,
                                          const SauLossOptions& options, OuterRows rows) {
  const auto& fooled = perturbation.reference_perturbed;
  const auto is_suspect = suspects(fooled, images.reference_clean, images.labels);
  OuterLosses losses{.total = options.lambda1 * clean_loss,
                     .clean = clean_loss,
                     .shared = torch::zeros_like(clean_loss),
                     .adversarial = {},
                     .suspects = is_suspect};
  const bool all = rows == OuterRows::kAll || options.lambda2 != 0;
  const auto chosen = all ? torch::arange(images.labels.size(0), images.labels.options())
                          : is_suspect.nonzero().squeeze(1);
  if (chosen.size(0) == 0) return losses;
  const auto of = [&](const torch::Tensor& t) { return t.index_select(0, chosen); };
  const auto logits = trainee.logits(of(images.pixels) + of(perturbation.delta));
  const auto shared = shared_risk(logits, of(fooled), of(is_suspect), batch_size);
  auto loss = options.lambda3 * shared;
  losses.shared = shared.detach();
  if (all) {
    const auto adversarial = cross_entropy(logits, images.labels, batch_size);
    if (options.lambda2 != 0) loss = loss + options.lambda2 * adversarial;
    losses.adversarial = adversarial.detach();
  }
  loss.backward();
  losses.total = losses.total + loss.detach();
  return losses;
}

OuterLosses accumulate_joint_gradient(const PixelClassifier& trainee, const CleanBatch& batch,
                                      const Perturbation& perturbation,
                                      const SauLossOptions& options) {
  const ModeGuard training(trainee.model(), true);
  const int64_t count = batch.pixels.size(0);
  const auto& fooled = perturbation.reference_perturbed;
  const auto logits =
      trainee.logits(torch::cat({batch.pixels, batch.pixels + perturbation.delta})).chunk(2);
  const auto is_suspect = suspects(fooled, batch.reference_clean, batch.labels);
  const auto clean = cross_entropy(logits[0], batch.labels, count);
  const auto adversarial = cross_entropy(logits[1], batch.labels, count);
  const auto shared = shared_risk(logits[1], fooled, is_suspect, count);
  auto total = options.lambda1 * clean + options.lambda3 * shared;
  if (options.lambda2 != 0) total = total + options.lambda2 * adversarial;
  total.backward();
  return {total.detach(), clean.detach(), shared.detach(), adversarial.detach(), is_suspect};
}

}  // namespace sau
