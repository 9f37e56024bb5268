#include "sau/net/second_order.h"

#include "sau/net/weightless.h"
#include "test/cases.h"

namespace sau::test {
namespace {

torch::Tensor gradient_of(const torch::Tensor& y, const torch::Tensor& x) {
  return torch::autograd::grad({y.square().sum()}, {x}, {}, std::nullopt, /*create_graph=*/true)[0];
}

void has_a_derivative_that_is_constant() {
  torch::manual_seed(0);
  const auto x = torch::randn({2, 3, 4, 4}).requires_grad_();
  const auto plain = gradient_of(x.relu(), x);
  const SecondOrderGuard guard;
  const auto y = relu(x, /*overwrites=*/false);
  const auto vector = torch::randn_like(x).requires_grad_();
  const auto first =
      torch::autograd::grad({y}, {x}, {vector}, std::nullopt, /*create_graph=*/true)[0];
  const auto second = torch::autograd::grad({first.sum()}, {x, vector}, {}, std::nullopt,
                                            /*create_graph=*/false, /*allow_unused=*/true);
  TORCH_CHECK(!second[0].defined(), "expected no gradient by x");
  TORCH_CHECK(torch::equal(second[1], (x > 0).to(torch::kFloat32)), "the gradient by the vector");
  TORCH_CHECK(torch::equal(gradient_of(relu(x, /*overwrites=*/false), x), plain), "the gradient");
}

/// Whether the graph behind the gradient by the input of a convolution keeps that by its output.
bool keeps_gradient(bool weight_learns) {
  torch::manual_seed(0);
  const SecondOrderGuard guard;
  const auto x = torch::randn({2, 4, 6, 6}).requires_grad_();
  const auto weight = torch::randn({8, 4, 3, 3}).requires_grad_(weight_learns);
  const auto y = convolution(x, weight, {}, {1, 1, 1});
  auto gradient = torch::randn_like(y).requires_grad_() * 2;
  const c10::weak_intrusive_ptr<c10::StorageImpl> storage(
      c10::intrusive_ptr<c10::StorageImpl>::reclaim_copy(
          gradient.storage().unsafeGetStorageImpl()));
  const auto by_x =
      torch::autograd::grad({y}, {x}, {gradient}, /*retain_graph=*/true, /*create_graph=*/true)[0];
  gradient.reset();
  return !storage.expired();
}

void keeps_what_weights_need() {
  TORCH_CHECK(keeps_gradient(/*weight_learns=*/true), "of a weight that learns");
  TORCH_CHECK(!keeps_gradient(/*weight_learns=*/false), "of a frozen weight");
}

}  // namespace

std::vector<Case> second_order_cases() {
  return {
      {"a ReLU of second order has a derivative that is constant",
       has_a_derivative_that_is_constant},
      {"the second derivative of a frozen convolution keeps no gradient", keeps_what_weights_need},
  };
}

}  // namespace sau::test
