#include "sau/optimizer.h"

namespace sau {

std::unique_ptr<torch::optim::Optimizer> make_optimizer(
    const std::vector<torch::Tensor>& parameters, const OptimizerOptions& options) {
  switch (options.kind) {
    case OptimizerOptions::Kind::kAdam:
      return std::make_unique<torch::optim::Adam>(
          parameters, torch::optim::AdamOptions(options.learning_rate)
                          .betas({options.adam_beta1, options.adam_beta2})
                          .eps(1e-8)
                          .weight_decay(options.weight_decay)
                          .amsgrad(true));
    case OptimizerOptions::Kind::kSgd:
      return std::make_unique<torch::optim::SGD>(parameters,
                                                 torch::optim::SGDOptions(options.learning_rate)
                                                     .momentum(options.momentum)
                                                     .weight_decay(options.weight_decay));
  }
  TORCH_CHECK(false, "unknown optimizer");
}

void set_learning_rate(torch::optim::Optimizer& optimizer, double learning_rate) {
  for (auto& group : optimizer.param_groups()) group.options().set_lr(learning_rate);
}

}  // namespace sau
