#include "sau/defenses/single_step.h"

#include <string>

#include "sau/guards.h"

namespace sau {
namespace {

/// Takes normalized images.
PixelClassifier classifier_of(const StepSubject& subject) {
  return {subject.module, Normalizer({0, 0, 0}, {1, 1, 1}, torch::kCPU), torch::kFloat32,
          std::make_shared<Passes>()};
}

SingleStep outcome_of(const StepSubject& subject, Figures figures) {
  return {std::move(figures), gradients_of(*subject.module), state_dict(*subject.module)};
}

}  // namespace

SingleStep single_sam_step(const StepSubject& subject, const SamOptions& options) {
  const ModeGuard training(*subject.module, true);
  Optimizer optimizer(subject.module->parameters(), subject.optimizer);
  const auto outcome = sam_step(classifier_of(subject), optimizer, subject.batch.input,
                                subject.batch.labels, options);
  return outcome_of(subject, {{"loss", outcome.loss.item<double>()},
                              {"perturbedLoss", outcome.perturbed_loss.item<double>()},
                              {"norm", outcome.norm.item<double>()}});
}

InnerObjective objective_of(const StepSubject& subject, const torch::Tensor& w, double norm_weight,
                            int64_t chunk) {
  const ModeGuard evaluation(*subject.module, false);
  const auto model = classifier_of(subject);
  const FrozenPixelClassifier frozen(model, model.normalizer(), torch::kFloat32);
  return inner_objective(frozen, subject.batch, w, norm_weight, chunk);
}

SingleStep single_hypergradient_step(const StepSubject& subject, const torch::Tensor& patched,
                                     const torch::Tensor& w, const HypergradientOptions& options,
                                     const SecondOrderCost& cost) {
  const ModeGuard evaluation(*subject.module, false);
  const auto model = classifier_of(subject);
  const FrozenPixelClassifier frozen(model, model.normalizer(), torch::kFloat32);
  Optimizer optimizer(subject.module->parameters(), subject.optimizer);
  const auto found =
      accumulate_hypergradient(model, frozen,
                               {.outer = subject.batch,
                                .patched = patched.to(torch::kFloat32).view({-1, 1, 1, 1}),
                                .inner = subject.batch,
                                .w = w},
                               options, cost);
  optimizer.step();
  Figures figures{{"outerLoss", found.outer_loss.item<double>()}};
  for (const double norm : found.norms)
    figures.emplace_back("norm" + std::to_string(figures.size()), norm);
  return outcome_of(subject, std::move(figures));
}

}  // namespace sau
