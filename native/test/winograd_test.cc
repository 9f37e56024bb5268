#include <ATen/Parallel.h>

#include <atomic>
#include <string>
#include <tuple>

#include "sau/net/second_order.h"
#include "sau/net/winograd/convolution.h"
#include "sau/net/winograd/kernels.h"
#include "sau/parallel.h"
#include "test/cases.h"

namespace sau::test {
namespace {

struct Layer {
  torch::Tensor x, weight, bias, gradient;
  int64_t stride;
  ConvolutionForm form() const { return {stride, /*padding=*/1, /*groups=*/1}; }
};

Layer layer_of(at::IntArrayRef map, int64_t out, int64_t stride) {
  torch::manual_seed(0);
  const auto layout = at::MemoryFormat::ChannelsLast;
  const int64_t height = (map[2] + stride - 1) / stride, width = (map[3] + stride - 1) / stride;
  return {torch::randn(map).contiguous(layout),
          torch::randn({out, map[1], 3, 3}).contiguous(layout), torch::randn({out}),
          torch::randn({map[0], out, height, width}).contiguous(layout), stride};
}

torch::Tensor plain(const Layer& layer) {
  return torch::conv2d(layer.x, layer.weight, layer.bias, layer.stride, /*padding=*/1);
}

std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> plain_gradients(const Layer& layer) {
  return at::convolution_backward(layer.gradient, layer.x, layer.weight, layer.bias.sizes(),
                                  {layer.stride, layer.stride}, {1, 1}, {1, 1}, false, {0, 0}, 1,
                                  {true, true, true});
}

Layer exact(const Layer& layer) {
  return {layer.x.to(torch::kFloat64), layer.weight.to(torch::kFloat64),
          layer.bias.to(torch::kFloat64), layer.gradient.to(torch::kFloat64), layer.stride};
}

torch::Tensor output(const Layer& layer) {
  return winograd::convolve(layer.x, layer.weight, layer.bias, layer.stride);
}

torch::Tensor gradient_by_x(const Layer& layer) {
  return winograd::input_gradient(layer.gradient, layer.weight, layer.x.sizes(), layer.stride);
}

torch::Tensor gradient_by_weight(const Layer& layer) {
  return winograd::weight_gradient(layer.gradient, layer.x, layer.stride);
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

void expect_exact(at::IntArrayRef map, int64_t out, int64_t stride) {
  const auto layer = layer_of(map, out, stride), truth = exact(layer);
  expect_as_exact("the output", output(layer), plain(layer), plain(truth));
  const auto [by_x, by_weight, by_bias] = plain_gradients(layer);
  const auto [true_by_x, true_by_weight, true_by_bias] = plain_gradients(truth);
  expect_as_exact("the gradient by x", gradient_by_x(layer), by_x, true_by_x);
  expect_as_exact("the gradient by the weight", gradient_by_weight(layer), by_weight,
                  true_by_weight);
}

void is_exact(int64_t stride) {
  expect_exact({2, 16, 8, 8}, 32, stride);
  expect_exact({3, 48, 7, 5}, 16, stride);  // edges within tiles
  expect_exact({3, 16, 10, 9}, 16, stride);
  expect_exact({1, 16, 1, 1}, 16, stride);   // less than a tile
  expect_exact({9, 64, 9, 32}, 64, stride);  // many blocks, the last one not full
  expect_exact({2, 528, 4, 4}, 48, stride);  // more channels than a block of a product
  expect_exact({2, 32, 4, 4}, 1040, stride);
}

void ignores_the_layout(int64_t stride) {
  const auto layer = layer_of({2, 32, 6, 6}, 16, stride);
  const Layer other{layer.x.contiguous(), layer.weight.contiguous(), layer.bias,
                    layer.gradient.contiguous(), stride};
  TORCH_CHECK(torch::equal(output(other), output(layer)));
  TORCH_CHECK(torch::equal(gradient_by_x(other), gradient_by_x(layer)));
  TORCH_CHECK(torch::equal(gradient_by_weight(other), gradient_by_weight(layer)));
}

void ignores_the_number_of_threads(int64_t stride) {
  const auto layer = layer_of({5, 64, 9, 32}, 64, stride);
  const auto passes = [&] {
    return std::array{output(layer), gradient_by_x(layer), gradient_by_weight(layer)};
  };
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const auto alone = passes();
  at::set_num_threads(3);
  const auto together = passes();
  at::set_num_threads(threads);
  for (size_t k = 0; k < alone.size(); ++k) TORCH_CHECK(torch::equal(alone[k], together[k]));
}

void ignores_the_batch(int64_t stride) {
  const auto layer = layer_of({7, 32, 10, 10}, 48, stride);
  const Layer part{layer.x.slice(0, 4, 6), layer.weight, layer.bias, layer.gradient.slice(0, 4, 6),
                   stride};
  TORCH_CHECK(torch::equal(output(layer).slice(0, 4, 6), output(part)));
  TORCH_CHECK(torch::equal(gradient_by_x(layer).slice(0, 4, 6), gradient_by_x(part)));
}

/// The gradients of a sum of squares of convolution()'s output, by autograd.
torch::autograd::variable_list gradients_of(const Layer& layer, bool twice) {
  auto x = layer.x.detach().requires_grad_(), weight = layer.weight.detach().requires_grad_(),
       bias = layer.bias.detach().requires_grad_();
  const auto loss = (convolution(x, weight, bias, layer.form()) * layer.gradient).square().sum();
  const auto first = torch::autograd::grad({loss}, {x, weight, bias}, {}, std::nullopt, twice);
  if (!twice) return first;
  return torch::autograd::grad({first[0].square().sum() + first[1].square().sum()}, {x, weight});
}

/// Of a frozen weight, which keeps no input.
torch::Tensor second_gradient_of(const Layer& layer) {
  auto x = layer.x.detach().requires_grad_();
  const auto loss = convolution(x, layer.weight, layer.bias, layer.form()).pow(3).sum();
  const auto first = torch::autograd::grad({loss}, {x}, {}, std::nullopt, /*create_graph=*/true);
  return torch::autograd::grad({(first[0] * layer.x).sum()}, {x})[0];
}

void has_second_gradients_of_pixels(int64_t stride) {
  const auto layer = layer_of({2, 32, 8, 8}, 32, stride);
  const double error = error_of(second_gradient_of(layer), second_gradient_of(exact(layer)));
  TORCH_CHECK(error <= 2e-6, "expected an error of at most 2e-6, got ", error);
}

/// As i-BAU needs them: of a product with the gradient by the pixels, in a scope for that.
torch::autograd::variable_list guarded_gradients_of(const Layer& layer) {
  const SecondOrderGuard guard;
  auto x = layer.x.detach().requires_grad_(), weight = layer.weight.detach().requires_grad_();
  const auto loss = convolution(x, weight, layer.bias, layer.form()).pow(3).sum();
  const auto first = torch::autograd::grad({loss}, {x}, {}, std::nullopt, /*create_graph=*/true);
  return torch::autograd::grad({(first[0] * layer.x).sum()}, {x, weight});
}

void has_guarded_gradients(int64_t stride) {
  const auto layer = layer_of({2, 32, 8, 8}, 32, stride);
  const auto values = guarded_gradients_of(layer), truths = guarded_gradients_of(exact(layer));
  for (size_t k = 0; k < values.size(); ++k) {
    const double error = error_of(values[k], truths[k]);
    TORCH_CHECK(error <= 2e-6, "expected an error of at most 2e-6, got ", error);
  }
}

void has_its_gradients(int64_t stride, bool twice) {
  const auto layer = layer_of({2, 32, 8, 8}, 32, stride);
  TORCH_CHECK(!winograd::gains(exact(layer).x, exact(layer).weight, layer.form()), "float64");
  const auto values = gradients_of(layer, twice), truths = gradients_of(exact(layer), twice);
  for (size_t k = 0; k < values.size(); ++k) {
    const double error = error_of(values[k], truths[k]);
    TORCH_CHECK(error <= 2e-6, "expected an error of at most 2e-6, got ", error);
  }
}

void works_with_all_threads() {
  constexpr int kThreads = 3;
  const int threads = at::get_num_threads();
  at::set_num_threads(kThreads);
  std::array<std::atomic<int>, kThreads> calls{};
  std::atomic<int64_t> sum = 0;
  for_each_index(2 * kThreads, [&](int64_t index) {
    ++calls.at(static_cast<size_t>(at::get_thread_num()));
    sum += index;
  });
  at::set_num_threads(threads);
  TORCH_CHECK(sum == kThreads * (2 * kThreads - 1), "expected each index once");
  for (const auto& count : calls) TORCH_CHECK(count == 2, "expected two calls, got ", count.load());
}

}  // namespace

std::vector<Case> winograd_cases() {
  if (!winograd::kernels()) return {};
  std::vector<Case> cases{{"a loop is shared out among all threads", works_with_all_threads}};
  for (const int64_t stride : {1, 2}) {
    const auto add = [&](const char* name, void (*check)(int64_t)) {
      cases.push_back(
          {name + (" with stride " + std::to_string(stride)), [check, stride] { check(stride); }});
    };
    add("Winograd's convolutions are as exact as LibTorch's", is_exact);
    add("Winograd's convolutions take any layout", ignores_the_layout);
    add("Winograd's convolutions have the same bits with any number of threads",
        ignores_the_number_of_threads);
    add("an image has the same bits in any batch", ignores_the_batch);
    add("a convolution has its gradients", [](int64_t s) { has_its_gradients(s, false); });
    add("a convolution has its second gradients", [](int64_t s) { has_its_gradients(s, true); });
    add("a frozen convolution has its second gradients", has_second_gradients_of_pixels);
    add("a convolution has its second gradients in a scope of SecondOrderGuard",
        has_guarded_gradients);
  }
  return cases;
}

}  // namespace sau::test
