#pragma once
#include <vector>

#include "sau/names.h"
#include "sau/state_dict.h"
#include "sau/torch.h"

namespace sau {

struct OptimizerOptions {
  enum class Kind { kAdam, kPlainAdam, kSgd } kind;  ///< kAdam with amsgrad, kPlainAdam without
  double learning_rate;
  double weight_decay;
  double momentum;    ///< SGD
  bool nesterov;      ///< SGD
  double adam_beta1;  ///< Adam
  double adam_beta2;
};

/// Those that users can name.
template <>
struct Names<OptimizerOptions::Kind> {
  static constexpr const char* kWhat = "optimizer";
  static constexpr std::pair<const char*, OptimizerOptions::Kind> kAll[] = {
      {"adam", OptimizerOptions::Kind::kAdam}, {"sgd", OptimizerOptions::Kind::kSgd}};
};

template <class V>
void fields(V& v, OptimizerOptions& o) {
  v("optimizer", o.kind);
  v("learningRate", o.learning_rate);
  v("weightDecay", o.weight_decay);
  v("momentum", o.momentum);
  v("nesterov", o.nesterov);
  v("adamBeta1", o.adam_beta1);
  v("adamBeta2", o.adam_beta2);
}

/// Adam without amsgrad and without weight decay.
OptimizerOptions plain_adam(double learning_rate, double beta1, double beta2);

/// Adam with or without amsgrad, or SGD with momentum, plain or Nesterov's (specification B1.8), in
/// one fused kernel per step. State, step count and learning rate live on the device at fixed
/// addresses, so that a step can be recorded.
class Optimizer {
 public:
  /// Gives every parameter a gradient in the parameter's layout, because a fused kernel pairs
  /// elements by address.
  Optimizer(std::vector<torch::Tensor> parameters, const OptimizerOptions& options);
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  /// Removes the gradients.
  ~Optimizer();

  void set_learning_rate(double learning_rate) { learning_rate_.fill_(learning_rate); }
  void zero_grad();
  void step();

  /// The state after the steps so far, under PyTorch's names: "<position of the parameter>.<name>".
  /// The tensors are the optimizer's own, not copies.
  std::vector<NamedTensor> state() const;
  /// Continues from the state() of an optimizer of this kind with these parameters. Throws
  /// ERR_CHECKPOINT.
  void load_state(const std::vector<NamedTensor>& state);

 private:
  std::vector<torch::Tensor> gradients() const;

  OptimizerOptions options_;
  std::vector<torch::Tensor> parameters_;
  torch::Tensor learning_rate_;
  std::vector<torch::Tensor> steps_;                       ///< Adam
  std::vector<torch::Tensor> mean_, square_, top_square_;  ///< Adam; mean_ is also SGD's momentum
};

}  // namespace sau
