#include "sau/optimizer.h"

#include <algorithm>

#include "platform/system.h"

namespace sau {
namespace {

constexpr double kAdamEpsilon = 1e-8;

std::vector<torch::Tensor> zeros_like(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> zeros;
  for (const auto& tensor : tensors) zeros.push_back(torch::zeros_like(tensor.detach()));
  return zeros;
}

}  // namespace

OptimizerOptions plain_adam(double learning_rate, double beta1, double beta2) {
  return {.kind = OptimizerOptions::Kind::kPlainAdam,
          .learning_rate = learning_rate,
          .weight_decay = 0,
          .momentum = 0,
          .nesterov = false,
          .adam_beta1 = beta1,
          .adam_beta2 = beta2};
}

Optimizer::Optimizer(std::vector<torch::Tensor> parameters, const OptimizerOptions& options)
    : options_(options), parameters_(std::move(parameters)) {
  const auto scalar = torch::TensorOptions(parameters_[0].device()).dtype(torch::kFloat32);
  learning_rate_ = torch::full({}, options_.learning_rate, scalar);
  for (auto& parameter : parameters_) {
    parameter.mutable_grad() =
        LinearGradients::take(parameter) ? torch::Tensor() : torch::zeros_like(parameter.detach());
    if (is_adam()) steps_.push_back(torch::zeros({}, scalar));
  }
}

Optimizer::~Optimizer() {
  for (auto& parameter : parameters_) parameter.mutable_grad() = torch::Tensor();
}

void Optimizer::zero_grad() {
  linear_gradients_.clear();
  std::vector<torch::Tensor> gradients;
  for (const auto& parameter : parameters_) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  at::_foreach_zero_(gradients);
}

void Optimizer::step() {
  constexpr int64_t kRows = 16;  // whose values stay in a cache from the gradient to the update
  const torch::NoGradGuard no_grad;
  make_state();
  if (is_adam()) at::_foreach_add_(steps_, 1);
  Group whole;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    if (!linear_gradients_.has(parameters_[i])) {
      add_to(whole, i);
      continue;
    }
    const int64_t rows = parameters_[i].size(0);
    for (int64_t begin = 0; begin < rows; begin += kRows)
      step(rows_of(i, begin, std::min(begin + kRows, rows)));
  }
  step(whole);
}

void Optimizer::make_state() {
  if (!mean_.empty()) return;
  platform::trim_heap();  // the values of the passes before it
  mean_ = zeros_like(parameters_);
  if (is_adam()) square_ = zeros_like(parameters_);
  if (options_.kind == OptimizerOptions::Kind::kAdam) top_square_ = zeros_like(parameters_);
}

void Optimizer::add_to(Group& group, size_t position) const {
  const auto& parameter = parameters_[position];
  const auto gradient =
      parameter.grad().defined() ? parameter.grad() : torch::zeros_like(parameter.detach());
  TORCH_CHECK(gradient.strides() == parameter.strides(),
              "a gradient must have its parameter's layout, got ", gradient.strides(), " for ",
              parameter.strides());
  group.parameters.push_back(parameter);
  group.gradients.push_back(gradient);
  group.mean.push_back(mean_[position]);
  if (is_adam()) group.square.push_back(square_[position]);
  if (is_adam()) group.steps.push_back(steps_[position]);
  if (!top_square_.empty()) group.top_square.push_back(top_square_[position]);
}

Optimizer::Group Optimizer::rows_of(size_t position, int64_t begin, int64_t end) const {
  const auto& parameter = parameters_[position];
  const auto rows = [&](const std::vector<torch::Tensor>& tensors) {
    std::vector<torch::Tensor> group;
    if (!tensors.empty()) group.push_back(tensors[position].slice(0, begin, end));
    return group;
  };
  auto gradient = linear_gradients_.rows(parameter, begin, end);
  if (parameter.grad().defined()) gradient += parameter.grad().slice(0, begin, end);
  Group group{rows(parameters_), {gradient}, rows(mean_), rows(square_), rows(top_square_), {}};
  if (is_adam()) group.steps = {steps_[position]};
  return group;
}

void Optimizer::step(const Group& group) const {
  switch (options_.kind) {
    case OptimizerOptions::Kind::kAdam:
    case OptimizerOptions::Kind::kPlainAdam:
      return at::_fused_adam_(group.parameters, group.gradients, group.mean, group.square,
                              group.top_square, group.steps, learning_rate_, options_.adam_beta1,
                              options_.adam_beta2, options_.weight_decay, kAdamEpsilon,
                              /*amsgrad=*/options_.kind == OptimizerOptions::Kind::kAdam,
                              /*maximize=*/false);
    case OptimizerOptions::Kind::kSgd:
      // A buffer of zeros makes the first step like the others. Without momentum the kernel refuses
      // a buffer.
      return at::_fused_sgd_(group.parameters, group.gradients,
                             options_.momentum > 0 ? group.mean : std::vector<torch::Tensor>(),
                             options_.weight_decay, options_.momentum, learning_rate_,
                             /*dampening=*/0, options_.nesterov, /*maximize=*/false,
                             /*is_first_step=*/false);
  }
}

std::vector<NamedTensor> Optimizer::state() {
  make_state();
  std::vector<NamedTensor> state;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto prefix = std::to_string(i) + ".";
    state.push_back({prefix + (is_adam() ? "exp_avg" : "momentum_buffer"), mean_[i]});
    if (!is_adam()) continue;
    state.push_back({prefix + "exp_avg_sq", square_[i]});
    if (!top_square_.empty()) state.push_back({prefix + "max_exp_avg_sq", top_square_[i]});
    state.push_back({prefix + "step", steps_[i]});
  }
  return state;
}

void Optimizer::load_state(const std::vector<NamedTensor>& state) {
  copy_tensors(state, this->state());
}

}  // namespace sau
