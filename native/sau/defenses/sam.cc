#include "sau/defenses/sam.h"

#include <cmath>
#include <vector>

namespace sau {
namespace {

constexpr double kSamEpsilon = 1e-12;  // keeps a division by a norm of 0 finite

using Tensors = std::vector<torch::Tensor>;

Tensors gradients_behind(const Tensors& parameters) {
  Tensors gradients;
  for (const auto& parameter : parameters) {
    const auto& gradient = parameter.grad();
    gradients.push_back(gradient.defined() ? gradient : torch::zeros_like(parameter));
  }
  return gradients;
}

torch::Tensor norm_of(const Tensors& tensors) {
  return torch::stack(at::_foreach_norm(tensors)).norm();
}

/// How the weights are perturbed, and the norm by which that is divided.
struct Ascent {
  Tensors change;
  torch::Tensor norm;
};

Ascent ascent(const Tensors& weights, const Tensors& gradients, const SamOptions& options) {
  const auto norm = norm_of(options.adaptive ? at::_foreach_mul(weights, gradients) : gradients);
  auto change =
      options.adaptive ? at::_foreach_mul(weights, weights) : at::_foreach_clone(gradients);
  if (options.adaptive) at::_foreach_mul_(change, gradients);
  at::_foreach_mul_(change, options.rho / (norm + kSamEpsilon));
  return {std::move(change), norm};
}

torch::Tensor inner_product(const Tensors& a, const Tensors& b) {
  auto sum = torch::zeros({}, a[0].options());
  for (size_t i = 0; i < a.size(); ++i) sum = sum + (a[i] * b[i]).sum();
  return sum;
}

/// Takes alpha times the part of `former` that is orthogonal to the gradients away from them.
void remove_orthogonal_part(const Tensors& gradients, const Tensors& former, double alpha) {
  const auto share =
      inner_product(former, gradients) / (inner_product(gradients, gradients) + kSamEpsilon);
  for (size_t i = 0; i < gradients.size(); ++i) {
    auto gradient = gradients[i];
    gradient.sub_(alpha * (former[i] - share * gradient));
  }
}

}  // namespace

torch::Tensor smoothed_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                            double smoothing) {
  const double others = smoothing / static_cast<double>(logits.size(1) - 1);
  const auto log_p = logits.log_softmax(1);
  const auto of_label = log_p.gather(1, labels.unsqueeze(1)).squeeze(1);
  const auto cross_entropy =
      -(1 - smoothing - others) * of_label.mean() - others * log_p.sum(1).mean();
  if (smoothing == 0) return cross_entropy;
  return cross_entropy + (1 - smoothing) * std::log(1 - smoothing) + smoothing * std::log(others);
}

SamOutcome sam_step(const PixelClassifier& model, Optimizer& optimizer, const torch::Tensor& input,
                    const torch::Tensor& labels, const SamOptions& options) {
  const auto parameters = model.model().parameters();
  optimizer.zero_grad();
  SamOutcome outcome;
  outcome.logits = model.logits_of_input(input);
  outcome.loss = smoothed_loss(outcome.logits, labels, options.label_smoothing);
  outcome.loss.backward();
  outcome.logits = outcome.logits.detach();
  Tensors weights, former;
  {
    const torch::NoGradGuard no_grad;
    const auto gradients = gradients_behind(parameters);
    const auto [change, norm] = ascent(parameters, gradients, options);
    outcome.norm = norm;
    weights = at::_foreach_clone(parameters);
    if (options.alpha != 0) former = at::_foreach_clone(gradients);
    at::_foreach_add_(parameters, change);
  }
  const StatisticsGuard keeps_statistics(model.model());
  optimizer.zero_grad();
  outcome.perturbed_loss =
      smoothed_loss(model.logits_of_input(input), labels, options.label_smoothing);
  outcome.perturbed_loss.backward();
  const torch::NoGradGuard no_grad;
  at::_foreach_copy_(parameters, weights);
  if (options.alpha != 0)
    remove_orthogonal_part(gradients_behind(parameters), former, options.alpha);
  optimizer.step();
  return outcome;
}

}  // namespace sau
