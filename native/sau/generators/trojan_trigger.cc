#include "sau/generators/trojan_trigger.h"

#include <string>

#include "sau/error.h"
#include "sau/image_set.h"

namespace sau {
namespace {

/// The inputs of the last layer with the largest weights. weight: [K,F].
torch::Tensor best_connected(const torch::Tensor& weight, int64_t count) {
  const int64_t most = weight.size(1);
  if (count > most) {
    throw Error("ERR_CONFIG", "Expected at most " + std::to_string(most) +
                                  " neurons of the model's final layer but received " +
                                  std::to_string(count) + ". Lower numNeuron");
  }
  return std::get<1>(weight.detach().abs().sum(0).topk(count));
}

}  // namespace

TrojanTrigger make_trojan_trigger(const PixelClassifier& model, const Normalizer& normalizer,
                                  const torch::Tensor& start, const TrojanOptions& options,
                                  const RunControl& control) {
  TORCH_CHECK(start.dim() == 3 && start.size(0) == 3 && start.scalar_type() == torch::kUInt8,
              "the start picture must be uint8 [3,H,W], got ", start.scalar_type(), " ",
              start.sizes());
  const auto& net = model.model();
  const auto& weight = net.weight(net.graph().head().weight);
  const auto neurons = best_connected(weight, options.neurons);
  const FrozenPixelClassifier frozen(model, normalizer, torch::kFloat32);
  const auto x0 = to_pixels(start.unsqueeze(0).to(weight.device()));
  const auto keep = x0.gt(0).to(torch::kFloat32);
  const auto cost_at = [&](const torch::Tensor& x) {
    const auto activations = frozen.features(x * keep).index_select(1, neurons);
    return (activations - options.target).square().sum();
  };
  TrojanTrigger result{{}, neurons.to(torch::kCPU), cost_at(x0).item<double>(), kNaN, 0};
  auto x = x0;
  while (result.steps < options.steps) {
    control.throw_if_cancelled();
    const auto variable = x.detach().requires_grad_();
    const auto cost = cost_at(variable);
    const auto gradient = torch::autograd::grad({cost}, {variable})[0];
    const auto change = (x - options.step_size * gradient.sign() - x0);
    x = (x0 + change.clamp(-options.bound, options.bound)).clamp(0, 1);
    ++result.steps;
    control.report(
        BatchDone{.round = 0, .rounds = 1, .batch = result.steps, .batches = options.steps});
    if (cost.item<double>() < options.stop_below) break;
  }
  const torch::NoGradGuard no_grad;
  result.last_cost = cost_at(x).item<double>();
  result.trigger = (x * 255).to(torch::kUInt8)[0].to(torch::kCPU).contiguous();
  return result;
}

}  // namespace sau
