#include "sau/generators/trojan_trigger.h"

#include <string>

#include "sau/error.h"
#include "sau/image_set.h"

namespace sau {
namespace {

struct FinalLayer {
  torch::Tensor weight;  ///< [K,F]
  torch::Tensor bias;    ///< [K]
};

/// The last matrix among the parameters: the classifier of every architecture ends with it.
FinalLayer final_layer(const torch::nn::Module& module) {
  const auto parameters = module.named_parameters();
  FinalLayer layer;
  for (const auto& item : parameters) {
    if (item.value().dim() == 2) layer.weight = item.value();
    if (item.value().dim() == 1) layer.bias = item.value();
  }
  TORCH_CHECK(
      layer.weight.defined() && layer.bias.defined() && layer.bias.size(0) == layer.weight.size(0),
      "the model must end in a linear layer with a bias");
  return layer;
}

torch::Tensor best_connected(const FinalLayer& layer, int64_t count) {
  const int64_t most = std::min(layer.weight.size(0), layer.weight.size(1));
  if (count > most) {
    throw Error("ERR_CONFIG", "Expected at most " + std::to_string(most) +
                                  " neurons of the model's final layer but received " +
                                  std::to_string(count) + ". Lower numNeuron");
  }
  return std::get<1>(layer.weight.detach().abs().sum(0).topk(count));
}

/// While it lives, the model's first outputs are the chosen inputs of its final layer. So no
/// architecture has to know how to stop before it.
class NeuronReadout {
 public:
  NeuronReadout(const FinalLayer& layer, const torch::Tensor& neurons)
      : layer_(layer), weight_(layer.weight.detach().clone()), bias_(layer.bias.detach().clone()) {
    const torch::NoGradGuard no_grad;
    layer_.weight.zero_();
    layer_.bias.zero_();
    layer_.weight.slice(0, 0, neurons.size(0)).scatter_(1, neurons.unsqueeze(1), 1.0);
  }
  ~NeuronReadout() {
    const torch::NoGradGuard no_grad;
    layer_.weight.copy_(weight_);
    layer_.bias.copy_(bias_);
  }
  NeuronReadout(const NeuronReadout&) = delete;
  NeuronReadout& operator=(const NeuronReadout&) = delete;

 private:
  FinalLayer layer_;
  torch::Tensor weight_, bias_;
};

}  // namespace

TrojanTrigger make_trojan_trigger(const PixelClassifier& model, const Normalizer& normalizer,
                                  const torch::Tensor& start, const TrojanOptions& options,
                                  const RunControl& control) {
  TORCH_CHECK(start.dim() == 3 && start.size(0) == 3 && start.scalar_type() == torch::kUInt8,
              "the start picture must be uint8 [3,H,W], got ", start.scalar_type(), " ",
              start.sizes());
  const auto layer = final_layer(model.model());
  const auto neurons = best_connected(layer, options.neurons);
  const NeuronReadout readout(layer, neurons);
  const FrozenPixelClassifier frozen(model, normalizer, torch::kFloat32);
  const auto x0 = to_pixels(start.unsqueeze(0).to(layer.weight.device()));
  const auto keep = x0.gt(0).to(torch::kFloat32);
  const auto cost_at = [&](const torch::Tensor& x) {
    const auto activations = frozen.logits(x * keep).slice(1, 0, options.neurons);
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
