#include "sau/optimizer.h"

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
    : options_(options), parameters_(std::move(parameters)), mean_(zeros_like(parameters_)) {
  const auto scalar = torch::TensorOptions(parameters_[0].device()).dtype(torch::kFloat32);
  learning_rate_ = torch::full({}, options_.learning_rate, scalar);
  for (auto& parameter : parameters_)
    parameter.mutable_grad() = torch::zeros_like(parameter.detach());
  if (options_.kind == OptimizerOptions::Kind::kSgd) return;
  square_ = zeros_like(parameters_);
  if (options_.kind == OptimizerOptions::Kind::kAdam) top_square_ = zeros_like(parameters_);
  for (size_t i = 0; i < parameters_.size(); ++i) steps_.push_back(torch::zeros({}, scalar));
}

Optimizer::~Optimizer() {
  for (auto& parameter : parameters_) parameter.mutable_grad() = torch::Tensor();
}

void Optimizer::zero_grad() { at::_foreach_zero_(gradients()); }

void Optimizer::step() {
  const torch::NoGradGuard no_grad;
  const auto gradients = this->gradients();
  switch (options_.kind) {
    case OptimizerOptions::Kind::kAdam:
    case OptimizerOptions::Kind::kPlainAdam:
      at::_foreach_add_(steps_, 1);
      return at::_fused_adam_(parameters_, gradients, mean_, square_, top_square_, steps_,
                              learning_rate_, options_.adam_beta1, options_.adam_beta2,
                              options_.weight_decay, kAdamEpsilon,
                              /*amsgrad=*/options_.kind == OptimizerOptions::Kind::kAdam,
                              /*maximize=*/false);
    case OptimizerOptions::Kind::kSgd:
      // A buffer of zeros makes the first step like the others. Without momentum the kernel refuses
      // a buffer.
      return at::_fused_sgd_(
          parameters_, gradients, options_.momentum > 0 ? mean_ : std::vector<torch::Tensor>(),
          options_.weight_decay, options_.momentum, learning_rate_, /*dampening=*/0,
          options_.nesterov, /*maximize=*/false, /*is_first_step=*/false);
  }
}

std::vector<NamedTensor> Optimizer::state() const {
  const bool adam = options_.kind != OptimizerOptions::Kind::kSgd;
  std::vector<NamedTensor> state;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const auto prefix = std::to_string(i) + ".";
    state.push_back({prefix + (adam ? "exp_avg" : "momentum_buffer"), mean_[i]});
    if (!adam) continue;
    state.push_back({prefix + "exp_avg_sq", square_[i]});
    if (!top_square_.empty()) state.push_back({prefix + "max_exp_avg_sq", top_square_[i]});
    state.push_back({prefix + "step", steps_[i]});
  }
  return state;
}

void Optimizer::load_state(const std::vector<NamedTensor>& state) {
  copy_tensors(state, this->state());
}

std::vector<torch::Tensor> Optimizer::gradients() const {
  std::vector<torch::Tensor> gradients;
  for (const auto& parameter : parameters_) {
    TORCH_CHECK(parameter.grad().strides() == parameter.strides(),
                "a gradient must have its parameter's layout, got ", parameter.grad().strides(),
                " for ", parameter.strides());
    gradients.push_back(parameter.grad());
  }
  return gradients;
}

}  // namespace sau
