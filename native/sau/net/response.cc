#include "sau/net/response.h"

#include "sau/guards.h"
#include "sau/net/frozen_graph.h"

namespace sau {
namespace {

template <typename Forward>
Response response_of(const torch::Tensor& images, Forward&& forward) {
  const auto x = images.clone().requires_grad_();
  const auto logits = forward(x);
  return {logits.detach(), torch::autograd::grad({logits.square().sum()}, {x})[0]};
}

}  // namespace

Response respond(GraphModule& module, const torch::Tensor& images, torch::ScalarType dtype) {
  const ModeGuard evaluation(module, false);
  return response_of(images, [&](const torch::Tensor& x) { return module.forward(x.to(dtype)); });
}

Response respond_frozen(const GraphModule& module, const torch::Tensor& images,
                        torch::ScalarType dtype) {
  const FrozenGraph view(module, dtype);
  return response_of(images, [&](const torch::Tensor& x) { return view.forward(x); });
}

}  // namespace sau
