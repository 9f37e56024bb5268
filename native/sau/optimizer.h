#pragma once
#include <vector>

#include "sau/options.h"
#include "sau/torch.h"

namespace sau {

/// Adam with amsgrad, or SGD with momentum (specification B1.8), in one fused kernel per step.
/// State, step count and learning rate live on the device at fixed addresses, so that a step can be
/// recorded.
class Optimizer {
 public:
  /// Gives every parameter a gradient of its own layout: a fused kernel pairs elements by address.
  Optimizer(std::vector<torch::Tensor> parameters, const OptimizerOptions& options);
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  /// Takes the gradients away again.
  ~Optimizer();

  void set_learning_rate(double learning_rate) { learning_rate_.fill_(learning_rate); }
  void zero_grad();
  void step();

 private:
  std::vector<torch::Tensor> gradients() const;

  OptimizerOptions options_;
  std::vector<torch::Tensor> parameters_;
  torch::Tensor learning_rate_;
  std::vector<torch::Tensor> steps_;                       ///< Adam
  std::vector<torch::Tensor> mean_, square_, top_square_;  ///< Adam; mean_ is also SGD's momentum
};

}  // namespace sau
