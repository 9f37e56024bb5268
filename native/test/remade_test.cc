#include "sau/net/remade.h"

#include <tuple>

#include "sau/guards.h"
#include "sau/models/families.h"
#include "sau/net/graph_module.h"
#include "sau/net/second_order.h"
#include "sau/net/weightless.h"
#include "test/cases.h"

namespace sau::test {
namespace {

using torch::autograd::variable_list;
using Storage = c10::weak_intrusive_ptr<c10::StorageImpl>;

constexpr int64_t kChannels = 32;
constexpr double kMomentum = 0.1, kEps = 1e-5;

/// A norm and a curve whose value two convolutions take.
struct Block {
  std::optional<op::Curve> curve;
  bool biased = true;
  bool learns = true;  ///< the weights of the convolutions
  bool counts = true;  ///< running statistics
  torch::ScalarType dtype = torch::kFloat32;
  at::MemoryFormat layout = at::MemoryFormat::ChannelsLast;
};

struct Weights {
  torch::Tensor x, weight, bias, mean, variance, kernel, point, point_bias;
};

Weights weights_of(const Block& block) {
  torch::manual_seed(0);
  const auto like = torch::TensorOptions(block.dtype);
  // Statistics stay in float32 where the values have fewer digits.
  const auto wide = torch::TensorOptions(widened(block.dtype));
  return {torch::randn({3, kChannels, 6, 6}, like).contiguous(block.layout).requires_grad_(),
          torch::rand({kChannels}, wide).requires_grad_(),
          torch::randn({kChannels}, wide).requires_grad_(),
          torch::randn({kChannels}, wide),
          torch::rand({kChannels}, wide),
          torch::randn({kChannels, kChannels, 3, 3}, like).requires_grad_(block.learns),
          torch::randn({16, kChannels, 1, 1}, like).requires_grad_(block.learns),
          torch::randn({16}, like).requires_grad_(block.learns)};
}

torch::Tensor twice(const torch::Tensor& x) { return x * 2; }

/// What the convolutions take and what they give.
using Pass = std::tuple<torch::Tensor, torch::Tensor, torch::Tensor>;

Pass remade_pass(const Block& block, const Weights& w, const torch::Tensor& x) {
  const auto running = [&](const torch::Tensor& t) { return block.counts ? t : torch::Tensor(); };
  const auto [value, recipe] = normalize(x,
                                         {.weight = w.weight,
                                          .bias = w.bias,
                                          .running_mean = running(w.mean),
                                          .running_variance = running(w.variance),
                                          .momentum = kMomentum,
                                          .eps = kEps},
                                         block.curve);
  const auto bias = block.biased ? w.point_bias : torch::Tensor();
  return {value, convolution(value, recipe, w.kernel, {}, {1, 1, 1}),
          convolution(value, recipe, w.point, bias, {2, 0, 1})};
}

/// By LibTorch's operations alone.
Pass plain_pass(const Block& block, const Weights& w, const torch::Tensor& x) {
  const auto running = [&](const torch::Tensor& t) { return block.counts ? t : torch::Tensor(); };
  const auto norm = torch::batch_norm(x, w.weight, w.bias, running(w.mean), running(w.variance),
                                      /*training=*/true, kMomentum, kEps, /*cudnn_enabled=*/true);
  const auto value = block.curve ? activate(*block.curve, norm) : norm;
  const auto bias = block.biased ? w.point_bias : torch::Tensor();
  return {value, convolution(value, w.kernel, {}, {1, 1, 1}),
          convolution(value, w.point, bias, {2, 0, 1})};
}

torch::Tensor loss_of(const Pass& pass) {
  return std::get<1>(pass).square().sum() + std::get<2>(pass).square().sum();
}

/// The gradients and what the pass has made of the statistics.
template <class Passing>
variable_list results_of(const Block& block, const Passing& passing) {
  auto w = weights_of(block);
  loss_of(passing(block, w, twice(w.x))).backward();
  variable_list results{w.mean, w.variance};
  for (const auto& weight : {w.x, w.weight, w.bias, w.kernel, w.point, w.point_bias}) {
    TORCH_CHECK(weight.grad().defined() ||
                    (!weight.requires_grad() || (!block.biased && weight.is_same(w.point_bias))),
                "expected a gradient of each weight that takes one");
    if (weight.grad().defined()) results.push_back(weight.grad());
  }
  return results;
}

void expect_equal(const variable_list& a, const variable_list& b) {
  TORCH_CHECK(a.size() == b.size(), "expected ", a.size(), " results, got ", b.size());
  for (size_t k = 0; k < a.size(); ++k) {
    TORCH_CHECK(torch::equal(a[k], b[k]), "expected equal bits of result ", k,
                ", got a difference of up to ", (a[k] - b[k]).abs().max().item<double>());
    TORCH_CHECK(a[k].strides() == b[k].strides(), "the layout of result ", k);
  }
}

std::vector<std::optional<op::Curve>> all_curves() {
  using enum op::Curve;
  return {std::nullopt, kRelu, kRelu6, kGelu, kSilu, kHardswish, kHardsigmoid, kSigmoid};
}

void has_the_bits_of_plain_autograd() {
  for (const auto& curve : all_curves()) {
    for (const Block& block :
         {Block{curve}, Block{curve, /*biased=*/false}, Block{curve, true, /*learns=*/false},
          Block{curve, true, true, /*counts=*/false},
          Block{curve, true, true, true, torch::kFloat64},
          Block{curve, true, true, true, torch::kBFloat16},
          Block{curve, true, true, true, torch::kFloat32, at::MemoryFormat::Contiguous}}) {
      expect_equal(results_of(block, plain_pass), results_of(block, remade_pass));
    }
  }
}

Storage storage_of(const torch::Tensor& tensor) {
  return Storage(
      c10::intrusive_ptr<c10::StorageImpl>::reclaim_copy(tensor.storage().unsafeGetStorageImpl()));
}

/// Whether the value outlives its pass, and what the norm took outlives the backward pass.
template <class Passing>
std::pair<bool, bool> kept_by(const Block& block, const Passing& passing) {
  auto w = weights_of(block);
  auto x = twice(w.x);
  auto pass = passing(block, w, x);
  const auto given = storage_of(x), value = storage_of(std::get<0>(pass));
  const auto loss = loss_of(pass);
  x.reset();
  pass = {};
  const bool value_stays = !value.expired();
  loss.backward();
  return {value_stays, !given.expired()};
}

void keeps_no_value() {
  for (const auto& curve : all_curves()) {
    const auto plain = kept_by({curve}, plain_pass), remade = kept_by({curve}, remade_pass);
    TORCH_CHECK(plain == std::pair(true, false), "expected LibTorch to keep a value");
    TORCH_CHECK(remade == std::pair(false, false), "expected that nothing is kept");
  }
}

void goes_backward_again_where_it_may() {
  const Block block{op::Curve::kRelu};
  const auto w = weights_of(block);
  const auto loss = loss_of(remade_pass(block, w, twice(w.x)));
  const variable_list inputs{w.x, w.weight, w.bias, w.kernel, w.point, w.point_bias};
  const auto first = torch::autograd::grad({loss}, inputs, {}, /*retain_graph=*/true);
  expect_equal(first, torch::autograd::grad({loss}, inputs, {}, /*retain_graph=*/true));
  // Of the convolutions alone, which leave a value to make again.
  const auto of_kernel = torch::autograd::grad({loss}, {w.kernel}, {}, /*retain_graph=*/true);
  expect_equal({first[3]}, of_kernel);
  expect_equal(first, torch::autograd::grad({loss}, inputs));
  bool refused = false;
  try {
    torch::autograd::grad({loss}, inputs);
  } catch (const c10::Error&) {
    refused = true;
  }
  TORCH_CHECK(refused, "expected a backward pass through what is let go to be refused");
}

void refuses_what_was_overwritten() {
  const Block block{op::Curve::kRelu};
  const auto w = weights_of(block);
  auto x = twice(w.x);
  const auto loss = loss_of(remade_pass(block, w, x));
  x.detach().zero_();
  bool refused = false;
  try {
    loss.backward();
  } catch (const c10::Error&) {
    refused = true;
  }
  TORCH_CHECK(refused, "expected a backward pass from overwritten values to be refused");
}

template <class Passing>
variable_list second_gradients_of(const Block& block, const Passing& passing) {
  const auto w = weights_of(block);
  const variable_list inputs{w.x, w.weight, w.bias, w.kernel, w.point, w.point_bias};
  const auto first = torch::autograd::grad({loss_of(passing(block, w, twice(w.x)))}, inputs, {},
                                           std::nullopt, /*create_graph=*/true);
  auto sum = torch::zeros({}, w.x.options());
  for (const auto& gradient : first) sum = sum + gradient.pow(3).sum();
  return torch::autograd::grad({sum}, inputs);
}

void has_second_gradients() {
  for (const auto curve : {op::Curve::kSigmoid, op::Curve::kSilu, op::Curve::kRelu}) {
    const Block block{curve, true, true, true, torch::kFloat64};
    const auto plain = second_gradients_of(block, plain_pass);
    const auto remade = second_gradients_of(block, remade_pass);
    for (size_t k = 0; k < plain.size(); ++k) {
      const double error = ((remade[k] - plain[k]).norm() / plain[k].norm()).item<double>();
      TORCH_CHECK(error <= 1e-9, "expected an error of at most 1e-9, got ", error);
    }
  }
}

/// Of a training pass of a network: gradients and statistics. What is tapped is not remade.
variable_list results_of(const Graph& graph, const Taps& taps) {
  torch::manual_seed(0);
  GraphModule module(graph);
  const ModeGuard training(module, true);
  const auto x = torch::randn({4, 3, 32, 32}).requires_grad_();
  torch::manual_seed(1);  // of what is dropped
  module.forward(x, module.weights(), taps).square().sum().backward();
  variable_list results{x.grad()};
  for (const auto& weight : module.weights())
    results.push_back(weight.requires_grad() ? weight.grad() : weight);
  return results;
}

void networks_have_equal_bits() {
  for (const auto& graph :
       {preact_resnet18({10, 16}), resnet18({10, 16}), mobilenet_v3_large({10, 16}),
        efficientnet_b0({10, 16}), shufflenet_v2_x1_0({10, 24}), densenet121({10, 8})}) {
    Taps norms{{}, [](size_t, const torch::Tensor&) {}};
    Taps values{{}, {}};
    const auto groups = norm_groups(graph, uses_of(graph));
    for (const auto& group : groups) {
      norms.nodes.push_back(group.norm);
      if (group.is_dropped && group.end != group.norm) values.nodes.push_back(group.end);
    }
    TORCH_CHECK(!values.nodes.empty(), "expected a network with values that are made again");
    std::vector<Storage> storages;
    values.take = [&](size_t, const torch::Tensor& value) {
      // Those of the values before are gone while the pass goes on.
      if (storages.size() >= 2) TORCH_CHECK(storages[storages.size() - 2].expired());
      storages.push_back(storage_of(value));
    };
    expect_equal(results_of(graph, norms), results_of(graph, values));
    TORCH_CHECK(storages.size() == values.nodes.size());
  }
}

}  // namespace

std::vector<Case> remade_cases() {
  return {
      {"what is made again has the bits of what is kept", has_the_bits_of_plain_autograd},
      {"neither a value nor what it is made of stays", keeps_no_value},
      {"a pass goes backward again where its graph is retained", goes_backward_again_where_it_may},
      {"a pass does not go backward from what was overwritten", refuses_what_was_overwritten},
      {"what is made again has its second gradients", has_second_gradients},
      {"networks have the bits that they have where they keep values", networks_have_equal_bits},
  };
}

}  // namespace sau::test
