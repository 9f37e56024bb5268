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

SingleStep single_distillation_step(const StepSubject& subject,
                                    const std::vector<NamedTensor>& teacher, double beta1,
                                    double beta2, double power) {
  const ModeGuard training(*subject.module, true);
  auto other = std::make_shared<GraphModule>(subject.module->graph());
  load_state_dict(*other, teacher);
  other->eval();
  const auto& input = subject.batch.input;
  const auto model = classifier_of(subject);
  Distiller distiller(
      model, other, last_stages(other->graph(), input.size(2), input.size(3), beta1, beta2, power),
      torch::kFloat32);
  Optimizer optimizer(subject.module->parameters(), subject.optimizer);
  const auto distilled = distiller(subject.batch);
  distilled.loss.backward();
  optimizer.step();
  Figures figures{{"loss", distilled.loss.item<double>()}};
  for (const auto& distance : distilled.distances)
    figures.emplace_back("distance" + std::to_string(figures.size()), distance.item<double>());
  return outcome_of(subject, std::move(figures));
}

InversionSteps inversion_steps(const StepSubject& subject, const InversionConstants& constants,
                               const InversionOptions& options) {
  const ModeGuard evaluation(*subject.module, false);
  const Normalizer normalizer(constants.mean, constants.std, torch::kCPU);
  const auto model = classifier_of(subject);
  const FrozenPixelClassifier frozen(model, normalizer, torch::kFloat32);
  const auto& pixels = subject.batch.input;
  TriggerSearch search(frozen, normalizer, pixels.size(2), pixels.size(3), options);
  InversionSteps result;
  for (int64_t step = 0; step < constants.steps; ++step) {
    const auto outcome =
        search.step(normalizer(pixels), constants.target, constants.cost, constants.chunk);
    result.cross_entropies.push_back(outcome.cross_entropy.item<double>());
    result.norms.push_back(outcome.norm.item<double>());
  }
  result.mask = search.mask();
  result.pattern = search.pattern();
  return result;
}

CostSteps cost_steps(const std::vector<double>& successes, const std::vector<double>& norms,
                     const InversionOptions& options) {
  CostControl control(options);
  CostSteps result;
  for (size_t i = 0; i < successes.size(); ++i) {
    const auto verdict = control.end_epoch(successes[i], norms[i]);
    result.costs.push_back(control.cost());
    result.kept.push_back(verdict.keeps ? 1 : 0);
    if (verdict.ends) break;
  }
  return result;
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

PolarizingStep polarizing_step(const StepSubject& subject, const PolarizingOptions& options,
                               int64_t chunk) {
  const ModeGuard evaluation(*subject.module, false);
  const auto model = classifier_of(subject);
  const PolarizedTrainee trainee(model, model.normalizer(), torch::kFloat32, chunk);
  // Gives every parameter a gradient, which is 0 at first.
  const Optimizer optimizer(subject.module->parameters(), subject.optimizer);
  const PixelBatch batch{subject.batch.input, subject.batch.labels};
  auto outcome = trainee.accumulate(batch, options);
  const auto perturbed = (batch.pixels + outcome.delta).clamp(0, 1);
  return {std::move(outcome), perturbed, gradients_of(*subject.module)};
}

}  // namespace sau
