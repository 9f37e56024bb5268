#include "sau/optimizer.h"

#include <optional>

#include "sau/net/memory_limit.h"
#include "test/cases.h"

namespace sau::test {
namespace {

using Kind = OptimizerOptions::Kind;

OptimizerOptions options_of(Kind kind) {
  return {.kind = kind,
          .learning_rate = 0.01,
          .weight_decay = 1e-3,
          .momentum = 0.9,
          .nesterov = false,
          .adam_beta1 = 0.9,
          .adam_beta2 = 0.999};
}

/// A linear layer whose weight is large, with 16.5 MiB; its rows are no multiple of anything.
struct LinearLayer {
  torch::Tensor weight, bias;

  LinearLayer() {
    torch::manual_seed(3);
    weight = torch::randn({2113, 2048}).requires_grad_();
    bias = torch::randn({2113}).requires_grad_();
  }
  void pass(int64_t images) const {
    linear(torch::randn({images, 2048}), weight, bias).square().mean().backward();
  }
};

/// After three steps on two passes each; in the second step one of them is out of the guard's
/// scope.
LinearLayer three_steps(Kind kind, bool guarded) {
  LinearLayer layer;
  Optimizer optimizer({layer.weight, layer.bias}, options_of(kind));
  for (int64_t step = 0; step < 3; ++step) {
    optimizer.zero_grad();
    if (step == 1) layer.pass(2);
    std::optional<LinearGradientsGuard> guard;
    if (guarded) guard.emplace(optimizer.linear_gradients());
    if (step != 1) layer.pass(3);
    layer.pass(5);
    TORCH_CHECK(!guarded || step > 0 || !layer.weight.grad().defined(),
                "expected no gradient of the weight's own");
    optimizer.step();
  }
  return layer;
}

void learns_as_much() {
  for (const auto kind : {Kind::kAdam, Kind::kPlainAdam, Kind::kSgd}) {
    const auto plain = three_steps(kind, false), guarded = three_steps(kind, true);
    TORCH_CHECK(!plain.weight.equal(LinearLayer().weight),
                "expected other weights after three steps");
    TORCH_CHECK(plain.weight.allclose(guarded.weight, 1e-5, 1e-6), "weights differ");
    TORCH_CHECK(plain.bias.allclose(guarded.bias, 1e-5, 1e-6), "biases differ");
  }
}

void takes_no_memory_at_first() {
  const LinearLayer layer;
  const MemoryLimit limit(static_cast<int64_t>(kMiB));
  const Optimizer optimizer({layer.weight, layer.bias}, options_of(Kind::kAdam));
}

void takes_no_memory_for_a_large_gradient() {
  const LinearLayer layer;
  Optimizer optimizer({layer.weight, layer.bias}, options_of(Kind::kAdam));
  const LinearGradientsGuard guard(optimizer.linear_gradients());
  layer.pass(3);
  optimizer.step();
  optimizer.zero_grad();
  const MemoryLimit limit(2 * static_cast<int64_t>(kMiB));
  layer.pass(3);
  layer.pass(5);
  optimizer.step();
}

void gives_gradients_out_of_scope() {
  const LinearLayer layer;
  const auto x = torch::randn({3, 2048});
  LinearGradients gradients;
  torch::Tensor out;
  {
    const LinearGradientsGuard guard(gradients);
    out = linear(x, layer.weight, layer.bias);
  }
  const auto own = torch::autograd::grad({out.sum()}, {layer.weight, layer.bias});
  TORCH_CHECK(!gradients.has(layer.weight), "expected the gradient in the weight's own place");
  TORCH_CHECK(own[0].allclose(x.sum(0).expand_as(layer.weight), 1e-5, 1e-5), own[0]);
  TORCH_CHECK(own[1].equal(torch::full({2113}, 3.0)), own[1]);
}

}  // namespace

std::vector<Case> optimizer_cases() {
  return {
      {"an optimizer takes no memory for its state before the first step",
       takes_no_memory_at_first},
      {"the gradient of a large linear layer is never made as a whole",
       takes_no_memory_for_a_large_gradient},
      {"an optimizer does with the factors of a gradient what it does with the gradient",
       learns_as_much},
      {"a large linear layer has its gradient where the scope for its factors has ended",
       gives_gradients_out_of_scope},
  };
}

}  // namespace sau::test
