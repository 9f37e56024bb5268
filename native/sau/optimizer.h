#pragma once
#include <vector>

#include "sau/names.h"
#include "sau/net/linear.h"
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
/// one fused kernel per step. State, step count and learning rate live on the device, from the
/// first step on at fixed addresses, so that a step can be recorded.
class Optimizer {
 public:
  /// Gives parameters a gradient in the parameter's layout, because a fused kernel pairs elements
  /// by address. Those of large linear layers wait for the first pass that needs one.
  Optimizer(std::vector<torch::Tensor> parameters, const OptimizerOptions& options);
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  /// Removes the gradients.
  ~Optimizer();

  void set_learning_rate(double learning_rate) { learning_rate_.fill_(learning_rate); }
  void zero_grad();
  /// Gradients in the place of the parameters' own, for those passes that are told so by a
  /// LinearGradientsGuard.
  LinearGradients& linear_gradients() { return linear_gradients_; }
  void step();

  /// The state after the steps so far, under PyTorch's names: "<position of the parameter>.<name>".
  /// The tensors are the optimizer's own, not copies.
  std::vector<NamedTensor> state();
  /// Continues from the state() of an optimizer of this kind with these parameters. Throws
  /// ERR_CHECKPOINT.
  void load_state(const std::vector<NamedTensor>& state);

 private:
  /// What a kernel takes: some parameters, or rows of one, with all that belongs to them.
  struct Group {
    std::vector<torch::Tensor> parameters, gradients, mean, square, top_square, steps;
  };

  bool is_adam() const { return options_.kind != OptimizerOptions::Kind::kSgd; }
  /// There is none before the first step, so that memory is free for the values of its passes.
  void make_state();
  void add_to(Group& group, size_t position) const;
  Group rows_of(size_t position, int64_t begin, int64_t end) const;
  void step(const Group& group) const;

  OptimizerOptions options_;
  std::vector<torch::Tensor> parameters_;
  LinearGradients linear_gradients_;
  torch::Tensor learning_rate_;
  std::vector<torch::Tensor> steps_;                       ///< Adam
  std::vector<torch::Tensor> mean_, square_, top_square_;  ///< Adam; mean_ is also SGD's momentum
};

}  // namespace sau
