#include "sau/scan/universal.h"

#include <cmath>

namespace sau {
namespace {

/// Cross entropy towards a class, summed: a scalar.
torch::Tensor towards(const torch::Tensor& logits, int64_t target) {
  const auto labels = torch::full({logits.size(0)}, target, logits.options().dtype(torch::kInt64));
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum);
}

Figures figures_of(double before, double after) {
  return {{"rate", after - before}, {"before", before}, {"after", after}};
}

}  // namespace

torch::Tensor other_classes(const ImageSet& images, const torch::Tensor& positions,
                            int64_t target) {
  const auto keep = images.labels.index_select(0, positions).ne(target).nonzero().squeeze(1);
  return positions.index_select(0, keep);
}

UniversalPerturbation universal_perturbation(const ScanScene& scene, const ImageSet& images,
                                             const torch::Tensor& positions, int64_t target,
                                             const UniversalOptions& options) {
  const auto count = static_cast<double>(positions.size(0));
  const auto pieces = positions.split(scene.chunk);
  UniversalPerturbation found{
      torch::zeros({1, 3, images.images.size(2), images.images.size(3)}, scene.device), {}};
  for (int64_t step = 0; step < options.steps; ++step) {
    const auto delta = found.delta.detach().requires_grad_();
    auto gradient = torch::zeros_like(found.delta);
    auto loss = torch::zeros({}, gradient.options());
    for (const auto& piece : pieces) {
      scene.control.throw_if_cancelled();
      const auto logits = scene.model.logits((images.pixels(piece) + delta).clamp(0, 1));
      const auto sum = towards(logits, target);
      gradient += torch::autograd::grad({sum}, {delta})[0];
      loss += sum.detach();
    }
    found.losses.push_back(loss.item<double>() / count);
    require_finite_logits(std::isfinite(found.losses.back()));
    found.delta =
        (found.delta - options.step_size * gradient.sign()).clamp(-options.bound, options.bound);
  }
  return found;
}

UniversalOutcome at_perturbation(const ScanScene& scene, const ImageSet& images,
                                 const torch::Tensor& positions, int64_t target,
                                 const torch::Tensor& delta) {
  const torch::NoGradGuard no_grad;
  const auto count = static_cast<double>(positions.size(0));
  auto loss = torch::zeros({}, torch::TensorOptions(scene.device));
  auto taken = torch::zeros_like(loss);
  for (const auto& piece : positions.split(scene.chunk)) {
    scene.control.throw_if_cancelled();
    const auto logits = scene.model.logits((images.pixels(piece) + delta).clamp(0, 1));
    loss += towards(logits, target);
    taken += logits.argmax(1).eq(target).sum();
  }
  return {loss.item<double>() / count, taken.item<double>() / count};
}

ScanFindings scan_universal(const ScanScene& scene, const ImageSet& images,
                            const UniversalOptions& options) {
  auto generator = generator_of(scene.seed, -1);
  const auto order =
      torch::randperm(images.size(), generator, torch::kInt64).to(images.labels.device());
  const auto halves = order.tensor_split(2);
  ScanFindings findings;
  for (int64_t target = 0; target < scene.classes; ++target) {
    const auto first = other_classes(images, halves[0], target);
    const auto second = other_classes(images, halves[1], target);
    if (first.size(0) == 0 || second.size(0) == 0) {
      findings.classes.push_back(figures_of(kNaN, kNaN));
    } else {
      const auto found = universal_perturbation(scene, images, first, target, options);
      const auto none = torch::zeros_like(found.delta);
      findings.classes.push_back(
          figures_of(at_perturbation(scene, images, second, target, none).rate,
                     at_perturbation(scene, images, second, target, found.delta).rate));
    }
    scene.control.report(
        BatchDone{.round = 0, .rounds = 1, .batch = target + 1, .batches = scene.classes});
  }
  return findings;
}

}  // namespace sau
