#pragma once
#include <memory>
#include <vector>

#include "sau/options.h"
#include "sau/torch.h"

namespace sau {

/// Adam with amsgrad, or SGD with momentum (specification B1.8).
std::unique_ptr<torch::optim::Optimizer> make_optimizer(
    const std::vector<torch::Tensor>& parameters, const OptimizerOptions& options);

void set_learning_rate(torch::optim::Optimizer& optimizer, double learning_rate);

}  // namespace sau
