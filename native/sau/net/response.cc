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

}  // namespace

Response respond(GraphModule& module, const torch::Tensor& images, torch::ScalarType dtype,
                 const ResponseLabels& labels) {
  const ModeGuard evaluation(module, false);
  if (dtype == torch::kFloat64) module.to(dtype);
  return response_of(images, dtype, labels,
                     [&](const torch::Tensor& x) { return module.forward(x.to(dtype)); });
}

Response respond_frozen(const GraphModule& module, const torch::Tensor& images,
                        torch::ScalarType dtype, const ResponseLabels& labels) {
  const FrozenGraph view(module, dtype);
  return response_of(images, dtype, labels,
                     [&](const torch::Tensor& x) { return view.forward(x); });
}

}  // namespace sau
