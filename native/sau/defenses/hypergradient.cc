#include "sau/defenses/hypergradient.h"

#include <algorithm>

#include "sau/net/cost.h"
#include "sau/net/second_order.h"

namespace sau {
namespace {

constexpr double kSettled = 1e-10;  ///< a step of the fixed point that is shorter is the last

LabelledInput part_of(const LabelledInput& batch, int64_t begin, int64_t chunk) {
  const int64_t end = std::min(begin + chunk, batch.input.size(0));
  return {batch.input.slice(0, begin, end), batch.labels.slice(0, begin, end)};
}

/// Sum over some images of a batch, divided by the size of the batch.
torch::Tensor share_of_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels,
                                     int64_t batch_size) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum) /
         static_cast<double>(batch_size);
}

/// Bytes of the values of a pass with gradients and of as many that its second derivative needs.
int64_t second_order_bytes(const Graph& graph, const torch::Tensor& images) {
  int64_t elements = 0;
  for (const auto& shape : shapes_of(graph, images.size(2), images.size(3)))
    elements += c10::multiply_integers(shape);
  return 2 * elements * images.size(0) * images.element_size();
}

/// The gradient of the outer loss by the perturbation; that by the parameters is added to theirs.
torch::Tensor accumulate_outer(const PixelClassifier& model, const HypergradientBatches& batches,
                               int64_t chunk, Hypergradient& result) {
  const int64_t count = batches.outer.input.size(0);
  const auto w = batches.w.detach().requires_grad_();
  auto inputs = model.model().parameters();
  inputs.push_back(w);
  std::vector<torch::Tensor> logits;
  result.outer_loss = torch::zeros({}, w.options().requires_grad(false));
  for (int64_t begin = 0; begin < count; begin += chunk) {
    const auto [x, y] = part_of(batches.outer, begin, chunk);
    logits.push_back(model.logits_of_input(x + batches.patched.narrow(0, begin, x.size(0)) * w));
    const auto loss = share_of_cross_entropy(logits.back(), y, count);
    torch::autograd::backward({loss}, {}, std::nullopt, /*create_graph=*/false, inputs);
    result.outer_loss += loss.detach();
    logits.back() = logits.back().detach();
  }
  result.outer_logits = torch::cat(logits);
  return w.grad();
}

/// Adds factor * (d gradient / d parameters)^T vector to the parameters' gradients; gradient: of
/// the inner objective by w.
void accumulate_mixed(const PixelClassifier& model, const LabelledInput& batch,
                      const torch::Tensor& at, const torch::Tensor& vector, double factor,
                      int64_t chunk) {
  const int64_t count = batch.input.size(0);
  const auto parameters = model.model().parameters();
  const SecondOrderGuard second_order;
  for (int64_t begin = 0; begin < count; begin += chunk) {
    const auto [x, y] = part_of(batch, begin, chunk);
    const auto w = at.detach().requires_grad_();
    const auto inner = -share_of_cross_entropy(model.logits_of_input(x + w), y, count);
    const auto gradient = torch::autograd::grad({inner}, {w}, {}, /*retain_graph=*/true,
                                                /*create_graph=*/true)[0];
    const auto product = factor * (gradient * vector).sum();
    torch::autograd::backward({product}, {}, std::nullopt, /*create_graph=*/false, parameters);
  }
}

}  // namespace

torch::Tensor frozen_predictions(const FrozenPixelClassifier& model, const torch::Tensor& input,
                                 int64_t chunk) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> predictions;
  for (const auto& part : input.split(chunk))
    predictions.push_back(model.logits_of_input(part).argmax(1));
  return torch::cat(predictions);
}

InnerObjective inner_objective(const FrozenPixelClassifier& model, const LabelledInput& batch,
                               const torch::Tensor& w, double norm_weight, int64_t chunk) {
  const int64_t count = batch.input.size(0);
  InnerObjective sum{norm_weight * w.square().sum(), 2 * norm_weight * w};
  for (int64_t begin = 0; begin < count; begin += chunk) {
    const auto [x, y] = part_of(batch, begin, chunk);
    const auto variable = w.detach().requires_grad_();
    const auto value = -share_of_cross_entropy(model.logits_of_input(x + variable), y, count);
    sum.gradient = sum.gradient + torch::autograd::grad({value}, {variable})[0];
    sum.value = sum.value + value.detach();
  }
  return sum;
}

InnerHessian::InnerHessian(const FrozenPixelClassifier& model, LabelledInput batch, torch::Tensor w,
                           double norm_weight, const SecondOrderCost& cost)
    : model_(model),
      batch_(std::move(batch)),
      w_(std::move(w)),
      norm_weight_(norm_weight),
      chunk_(cost.chunk) {
  if (second_order_bytes(model.graph(), batch_.input) > cost.memory_bytes) return;
  for (int64_t begin = 0; begin < batch_.input.size(0); begin += chunk_)
    kept_.push_back(pass(begin));
}

InnerHessian::Pass InnerHessian::pass(int64_t begin) const {
  const SecondOrderGuard second_order;
  const auto [x, y] = part_of(batch_, begin, chunk_);
  const auto variable = w_.detach().requires_grad_();
  const auto value =
      -share_of_cross_entropy(model_.logits_of_input(x + variable), y, batch_.input.size(0));
  return {variable, torch::autograd::grad({value}, {variable}, {}, /*retain_graph=*/true,
                                          /*create_graph=*/true)[0]};
}

torch::Tensor InnerHessian::operator()(const torch::Tensor& vector) const {
  auto product = 2 * norm_weight_ * vector;
  const bool keeps = !kept_.empty();
  for (int64_t begin = 0; begin < batch_.input.size(0); begin += chunk_) {
    const auto [variable, gradient] =
        keeps ? kept_[static_cast<size_t>(begin / chunk_)] : pass(begin);
    product = product + torch::autograd::grad({gradient}, {variable}, {vector}, keeps)[0];
  }
  return product;
}

Hypergradient accumulate_hypergradient(const PixelClassifier& model,
                                       const FrozenPixelClassifier& frozen,
                                       const HypergradientBatches& batches,
                                       const HypergradientOptions& options,
                                       const SecondOrderCost& cost) {
  Hypergradient result;
  const auto outer = accumulate_outer(model, batches, cost.chunk, result);
  if (options.fixed_points == 0) return result;
  // The first step leads from 0 to the outer gradient.
  auto vector = outer;
  result.norms.push_back(vector.norm().item<double>());
  if (result.norms[0] < kSettled) return result;
  {
    const InnerHessian hessian(frozen, batches.inner, batches.w, options.norm_weight, cost);
    for (int64_t k = 1; k < options.fixed_points; ++k) {
      const auto next = vector - options.fixed_point_rate * hessian(vector) + outer;
      const double step = (next - vector).norm().item<double>();
      vector = next;
      result.norms.push_back(vector.norm().item<double>());
      if (step < kSettled) break;
    }
  }
  accumulate_mixed(model, batches.inner, batches.w, vector, -options.fixed_point_rate, cost.chunk);
  return result;
}

}  // namespace sau
