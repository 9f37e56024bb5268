#include "sau/net/response.h"

#include "sau/guards.h"
#include "sau/net/frozen_graph.h"
#include "sau/net/weightless.h"

namespace sau {
namespace {

template <typename Forward>
Response response_of(const torch::Tensor& images, torch::ScalarType dtype,
                     const ResponseLabels& labels, Forward&& forward) {
  const auto x = images.to(widened(dtype)).clone().requires_grad_();
  const auto logits = forward(x);
  const auto loss = labels ? at::cross_entropy_loss(logits, *labels) : logits.square().sum();
  return {logits.detach(), torch::autograd::grad({loss}, {x})[0]};
}

/// Makes float weights float64; integers stay what they are.
void widen(GraphModule& module) {
  for (auto& [name, weight] : state_dict(module)) {
    if (weight.is_floating_point()) weight.set_data(weight.to(torch::kFloat64));
  }
}

}  // namespace

Response respond(GraphModule& module, const torch::Tensor& images, torch::ScalarType dtype,
                 const ResponseLabels& labels) {
  const ModeGuard evaluation(module, false);
  if (dtype == torch::kFloat64) widen(module);
  return response_of(images, dtype, labels,
                     [&](const torch::Tensor& x) { return module.forward(x.to(dtype)); });
}

Response respond_in_training(GraphModule& module, const torch::Tensor& images,
                             torch::ScalarType dtype, const ResponseLabels& labels, uint64_t seed) {
  const ModeGuard training(module, true);
  if (dtype == torch::kFloat64) widen(module);
  torch::manual_seed(seed);
  auto response = response_of(images, dtype, labels,
                              [&](const torch::Tensor& x) { return module.forward(x.to(dtype)); });
  std::vector<torch::Tensor> statistics{torch::empty(0, dtype)};
  for (const auto& buffer : module.buffers()) {
    if (buffer.dim() == 1) statistics.push_back(buffer);  // not the counters
  }
  response.statistics = torch::cat(statistics);
  return response;
}

Response respond_frozen(const GraphModule& module, const torch::Tensor& images,
                        torch::ScalarType dtype, const ResponseLabels& labels) {
  const FrozenGraph view(module, dtype);
  return response_of(images, dtype, labels,
                     [&](const torch::Tensor& x) { return view.forward(x); });
}

std::vector<NamedTensor> respond_weights(GraphModule& module, const torch::Tensor& images) {
  const ModeGuard evaluation(module, false);
  const auto loss = module.forward(images).square().sum();
  std::vector<torch::Tensor> parameters;
  std::vector<NamedTensor> result;
  for (const auto& item : state_dict(module)) {
    if (!item.value.requires_grad()) continue;
    parameters.push_back(item.value);
    result.push_back({item.name, torch::zeros_like(item.value)});
  }
  const auto gradients = torch::autograd::grad({loss}, parameters, {}, /*retain_graph=*/false,
                                               /*create_graph=*/false, /*allow_unused=*/true);
  for (size_t i = 0; i < result.size(); ++i) {
    if (gradients[i].defined()) result[i].value = gradients[i];
  }
  return result;
}

}  // namespace sau
