#pragma once
#include <vector>

#include "sau/torch.h"

namespace sau {

/// Evaluation or training mode for a scope; the former mode comes back at its end.
class ModeGuard {
 public:
  ModeGuard(torch::nn::Module& module, bool training)
      : module_(module), was_training_(module.is_training()) {
    module_.train(training);
  }
  ~ModeGuard() { module_.train(was_training_); }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  torch::nn::Module& module_;
  bool was_training_;
};

/// No parameter takes a gradient for a scope, so that a gradient for the input costs no more than
/// that.
class FrozenParametersGuard {
 public:
  explicit FrozenParametersGuard(const torch::nn::Module& module) {
    for (auto& parameter : module.parameters()) {
      if (!parameter.requires_grad()) continue;
      parameter.set_requires_grad(false);
      frozen_.push_back(parameter);
    }
  }
  ~FrozenParametersGuard() {
    for (auto& parameter : frozen_) parameter.set_requires_grad(true);
  }
  FrozenParametersGuard(const FrozenParametersGuard&) = delete;
  FrozenParametersGuard& operator=(const FrozenParametersGuard&) = delete;

 private:
  std::vector<torch::Tensor> frozen_;
};

}  // namespace sau
