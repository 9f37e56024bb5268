#include <ATen/Parallel.h>

#include <tuple>

#include "sau/net/second_order.h"
#include "sau/net/winograd/convolution.h"
#include "sau/net/winograd/kernels.h"
#include "test/cases.h"

namespace sau::test {
namespace {

constexpr ConvolutionForm kForm{1, 1, 1};

struct Layer {
  torch::Tensor x, weight, bias, gradient;
};

Layer layer_of(at::IntArrayRef map, int64_t out) {
  torch::manual_seed(0);
  const auto layout = at::MemoryFormat::ChannelsLast;
  return {torch::randn(map).contiguous(layout),
          torch::randn({out, map[1], 3, 3}).contiguous(layout), torch::randn({out}),
          torch::randn({map[0], out, map[2], map[3]}).contiguous(layout)};
}

torch::Tensor plain(const torch::Tensor& x, const torch::Tensor& weight,
                    const torch::Tensor& bias) {
  return torch::conv2d(x, weight, bias, /*stride=*/1, /*padding=*/1);
}

std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> plain_gradients(const Layer& layer) {
  return at::convolution_backward(layer.gradient, layer.x, layer.weight, layer.bias.sizes(), {1, 1},
                                  {1, 1}, {1, 1}, false, {0, 0}, 1, {true, true, true});
}

Layer exact(const Layer& layer) {
  return {layer.x.to(torch::kFloat64), layer.weight.to(torch::kFloat64),
          layer.bias.to(torch::kFloat64), layer.gradient.to(torch::kFloat64)};
}

double error_of(const torch::Tensor& value, const torch::Tensor& truth) {
  return ((value - truth).norm() / truth.norm()).item<double>();
}

/// By the error of LibTorch's own convolution, with a floor of some roundings.
void expect_as_exact(const char* what, const torch::Tensor& value, const torch::Tensor& plain,
                     const torch::Tensor& truth) {
  const double error = error_of(value, truth), most = 3 * error_of(plain, truth) + 5e-7;
  TORCH_CHECK(value.sizes() == truth.sizes(), "the sizes of ", what);
  TORCH_CHECK(error <= most, "expected an error of ", what, " of at most ", most, ", got ", error);
}

void expect_exact(at::IntArrayRef map, int64_t out) {
  const auto layer = layer_of(map, out), truth = exact(layer);
  expect_as_exact("the output", winograd::convolve(layer.x, layer.weight, layer.bias),
                  plain(layer.x, layer.weight, layer.bias),
                  plain(truth.x, truth.weight, truth.bias));
  const auto [by_x, by_weight, by_bias] = plain_gradients(layer);
  const auto [true_by_x, true_by_weight, true_by_bias] = plain_gradients(truth);
  expect_as_exact("the gradient by x", winograd::input_gradient(layer.gradient, layer.weight), by_x,
                  true_by_x);
  expect_as_exact("the gradient by the weight", winograd::weight_gradient(layer.gradient, layer.x),
                  by_weight, true_by_weight);
}

void is_exact() {
  expect_exact({2, 16, 8, 8}, 32);
  expect_exact({3, 48, 7, 5}, 16);   // edges within tiles
  expect_exact({1, 16, 1, 1}, 16);   // less than a tile
  expect_exact({9, 64, 9, 32}, 64);  // many blocks, the last one not full
  expect_exact({2, 528, 4, 4}, 48);  // more channels than a block of a product
  expect_exact({2, 32, 4, 4}, 1040);
}

void ignores_the_layout() {
  const auto layer = layer_of({2, 32, 6, 6}, 16);
  const auto x = layer.x.contiguous(), weight = layer.weight.contiguous(),
             gradient = layer.gradient.contiguous();
  TORCH_CHECK(torch::equal(winograd::convolve(x, weight, {}),
                           winograd::convolve(layer.x, layer.weight, {})));
  TORCH_CHECK(torch::equal(winograd::input_gradient(gradient, weight),
                           winograd::input_gradient(layer.gradient, layer.weight)));
  TORCH_CHECK(torch::equal(winograd::weight_gradient(gradient, x),
                           winograd::weight_gradient(layer.gradient, layer.x)));
}

void ignores_the_number_of_threads() {
  const auto layer = layer_of({5, 64, 9, 32}, 64);
  const auto passes = [&] {
    return std::array{winograd::convolve(layer.x, layer.weight, layer.bias),
                      winograd::input_gradient(layer.gradient, layer.weight),
                      winograd::weight_gradient(layer.gradient, layer.x)};
  };
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto alone = passes();
  at::set_num_threads(3);
  const auto together = passes();
  at::set_num_threads(threads);
  for (size_t k = 0; k < alone.size(); ++k) TORCH_CHECK(torch::equal(alone[k], together[k]));
}

void ignores_the_batch() {
  const auto layer = layer_of({7, 32, 10, 10}, 48);
  const auto whole = winograd::convolve(layer.x, layer.weight, layer.bias);
  const auto part = winograd::convolve(layer.x.slice(0, 4, 6), layer.weight, layer.bias);
  TORCH_CHECK(torch::equal(whole.slice(0, 4, 6), part));
}

/// The gradients of a sum of squares of convolution()'s output, by autograd.
torch::autograd::variable_list gradients_of(const Layer& layer, bool twice) {
  auto x = layer.x.detach().requires_grad_(), weight = layer.weight.detach().requires_grad_(),
       bias = layer.bias.detach().requires_grad_();
  const auto loss = (convolution(x, weight, bias, kForm) * layer.gradient).square().sum();
  const auto first = torch::autograd::grad({loss}, {x, weight, bias}, {}, std::nullopt, twice);
  if (!twice) return first;
  return torch::autograd::grad({first[0].square().sum() + first[1].square().sum()}, {x, weight});
}

/// Of a frozen weight, which keeps no input.
torch::Tensor second_gradient_of(const Layer& layer) {
  auto x = layer.x.detach().requires_grad_();
  const auto loss = convolution(x, layer.weight, layer.bias, kForm).pow(3).sum();
  const auto first = torch::autograd::grad({loss}, {x}, {}, std::nullopt, /*create_graph=*/true);
  return torch::autograd::grad({(first[0] * layer.x).sum()}, {x})[0];
}

void has_second_gradients_of_pixels() {
  const auto layer = layer_of({2, 32, 8, 8}, 32);
  const double error = error_of(second_gradient_of(layer), second_gradient_of(exact(layer)));
  TORCH_CHECK(error <= 2e-6, "expected an error of at most 2e-6, got ", error);
}

/// As i-BAU needs them: of a product with the gradient by the pixels, in a scope for that.
torch::autograd::variable_list guarded_gradients_of(const Layer& layer) {
  const SecondOrderGuard guard;
  auto x = layer.x.detach().requires_grad_(), weight = layer.weight.detach().requires_grad_();
  const auto loss = convolution(x, weight, layer.bias, kForm).pow(3).sum();
  const auto first = torch::autograd::grad({loss}, {x}, {}, std::nullopt, /*create_graph=*/true);
  return torch::autograd::grad({(first[0] * layer.x).sum()}, {x, weight});
}

void has_guarded_gradients() {
  const auto layer = layer_of({2, 32, 8, 8}, 32);
  const auto values = guarded_gradients_of(layer), truths = guarded_gradients_of(exact(layer));
  for (size_t k = 0; k < values.size(); ++k) {
    const double error = error_of(values[k], truths[k]);
    TORCH_CHECK(error <= 2e-6, "expected an error of at most 2e-6, got ", error);
  }
}

void has_its_gradients(bool twice) {
  const auto layer = layer_of({2, 32, 8, 8}, 32);
  TORCH_CHECK(!winograd::gains(exact(layer).x, exact(layer).weight, kForm), "float64");
  const auto values = gradients_of(layer, twice), truths = gradients_of(exact(layer), twice);
  for (size_t k = 0; k < values.size(); ++k) {
    const double error = error_of(values[k], truths[k]);
    TORCH_CHECK(error <= 2e-6, "expected an error of at most 2e-6, got ", error);
  }
}

}  // namespace

std::vector<Case> winograd_cases() {
  if (!winograd::kernels()) return {};
  return {
      {"Winograd's convolutions are as exact as LibTorch's", is_exact},
      {"Winograd's convolutions take any layout", ignores_the_layout},
      {"Winograd's convolutions have the same bits with any number of threads",
       ignores_the_number_of_threads},
      {"an image has the same bits in any batch", ignores_the_batch},
      {"a convolution has its gradients", [] { has_its_gradients(false); }},
      {"a convolution has its second gradients", [] { has_its_gradients(true); }},
      {"a frozen convolution has its second gradients", has_second_gradients_of_pixels},
      {"a convolution has its second gradients in a scope of SecondOrderGuard",
       has_guarded_gradients},
  };
}

}  // namespace sau::test
