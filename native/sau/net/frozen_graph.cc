#include "sau/net/frozen_graph.h"

#include <torch/nn/functional/linear.h>

#include "sau/net/values.h"

namespace sau {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// x * scale + shift with a gradient for x alone.
struct ScaleShiftOfPixels : torch::autograd::Function<ScaleShiftOfPixels> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& scale, const torch::Tensor& shift) {
    context->save_for_backward({scale});
    return torch::addcmul(shift, x, scale);
  }
  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    return {gradients[0] * context->get_saved_variables()[0], {}, {}};
  }
};

/// relu(x * scale + shift) with a gradient for x alone.
struct ScaleShiftRelu : torch::autograd::Function<ScaleShiftRelu> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& scale, const torch::Tensor& shift) {
    auto out = torch::addcmul(shift, x, scale).relu_();
    context->save_for_backward({out, scale});
    return out;
  }
  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    return {at::threshold_backward(gradients[0], saved[0], 0).mul_(saved[1]), {}, {}};
  }
};

struct Affine {
  torch::Tensor scale, shift;  ///< float64 [C]
};

/// Batch norm in evaluation mode as y = x * scale + shift.
Affine affine_of(const GraphModule& source, const op::BatchNorm& norm) {
  const auto wide = [&](size_t weight) { return source.weight(weight).to(torch::kFloat64); };
  const auto scale = wide(norm.weight) * (wide(norm.variance) + norm.eps).rsqrt();
  return {scale, wide(norm.bias) - wide(norm.mean) * scale};
}

/// Fills a slot without moving it, because recorded work reads it at its address.
void assign(torch::Tensor& slot, const torch::Tensor& value) {
  if (!slot.defined()) {
    slot = value;
  } else if (slot.data_ptr() != value.data_ptr()) {
    slot.copy_(value);
  }
}

/// The node that alone takes each node's value; none where there are several.
std::vector<std::optional<size_t>> only_users(const Graph& graph,
                                              const std::vector<int64_t>& uses) {
  std::vector<std::optional<size_t>> users(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const size_t input : graph.nodes[i].inputs) {
      if (uses[input] == 1) users[input] = i;
    }
  }
  return users;
}

}  // namespace

FrozenGraph::FrozenGraph(const GraphModule& source, torch::ScalarType precision)
    : source_(source), precision_(precision), uses_(uses_of(source.graph())) {
  const auto& nodes = source.graph().nodes;
  const auto users = only_users(source.graph(), uses_);
  std::vector<bool> done(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (done[i]) continue;
    Step step{kernel_of(i), nodes[i].inputs, i};
    const auto user = users[i];
    if (auto* convolution = std::get_if<Convolution>(&step.kernel); convolution && user) {
      if (const auto* norm = std::get_if<op::BatchNorm>(&nodes[*user].op)) {
        convolution->norm = *norm;
        step.output = *user;
      }
    }
    if (auto* scale = std::get_if<ScaleShift>(&step.kernel); scale && user) {
      scale->relu = std::holds_alternative<op::Relu>(nodes[*user].op);
      if (scale->relu) step.output = *user;
    }
    done[step.output] = true;
    steps_.push_back(std::move(step));
  }
  refresh();
}

FrozenGraph::Kernel FrozenGraph::kernel_of(size_t node) const {
  return std::visit(
      Overloaded{
          [](const op::Input& input) -> Kernel { return input; },
          [](const op::Conv2d& conv) -> Kernel { return Convolution{conv, {}, {}, {}}; },
          [](const op::BatchNorm& norm) -> Kernel { return ScaleShift{norm, false, {}, {}}; },
          [&](const op::Relu&) -> Kernel {
            return Relu{may_overwrite_input(source_.graph(), uses_, node)};
          },
          [](const op::Add& add) -> Kernel { return add; },
          [](const op::GlobalAverage& average) -> Kernel { return average; },
          [](const op::Linear& linear) -> Kernel { return Linear{linear, {}, {}}; }},
      source_.graph().nodes[node].op);
}

void FrozenGraph::refresh() {
  const torch::NoGradGuard no_grad;
  for (auto& step : steps_) {
    std::visit(Overloaded{[&](Convolution& convolution) { refresh(convolution); },
                          [&](ScaleShift& scale) { refresh(scale); },
                          [&](Linear& linear) { refresh(linear); }, [](const auto&) {}},
               step.kernel);
  }
}

void FrozenGraph::refresh(Convolution& convolution) {
  const auto& conv = convolution.conv;
  auto values = source_.weight(conv.weight).detach();
  auto shift = conv.bias ? source_.weight(*conv.bias).detach() : torch::Tensor();
  if (convolution.norm) {
    const auto affine = affine_of(source_, *convolution.norm);
    values = values.to(torch::kFloat64) * affine.scale.view({-1, 1, 1, 1});
    shift =
        shift.defined() ? shift.to(torch::kFloat64) * affine.scale + affine.shift : affine.shift;
  }
  assign(convolution.weight, values.to(precision_).contiguous(at::MemoryFormat::ChannelsLast));
  if (shift.defined()) assign(convolution.bias, shift.detach().to(precision_));
}

void FrozenGraph::refresh(ScaleShift& step) {
  const auto affine = affine_of(source_, step.norm);
  const auto per_channel = [&](const torch::Tensor& values) {
    return values.detach().to(precision_).view({1, -1, 1, 1});
  };
  assign(step.scale, per_channel(affine.scale));
  assign(step.shift, per_channel(affine.shift));
}

void FrozenGraph::refresh(Linear& step) {
  assign(step.weight, source_.weight(step.linear.weight).detach());
  assign(step.bias, source_.weight(step.linear.bias).detach());
}

torch::Tensor FrozenGraph::forward(const torch::Tensor& x) const {
  return run(x, source_.graph().nodes.size() - 1);
}

torch::Tensor FrozenGraph::features(const torch::Tensor& x) const {
  return run(x, source_.graph().features());
}

torch::Tensor FrozenGraph::run(const torch::Tensor& x, size_t wanted) const {
  Values values(uses_);
  for (const auto& [kernel, inputs, output] : steps_) {
    const auto take = [&](size_t k) { return values.take(inputs[k]); };
    values.put(
        output,
        std::visit(Overloaded{[&](const op::Input&) { return x.to(precision_); },
                              [&](const Convolution& c) {
                                return torch::conv2d(take(0), c.weight, c.bias, c.conv.stride,
                                                     c.conv.padding, /*dilation=*/1, c.conv.groups);
                              },
                              [&](const ScaleShift& s) {
                                const auto in = take(0);
                                return s.relu ? ScaleShiftRelu::apply(in, s.scale, s.shift)
                                              : ScaleShiftOfPixels::apply(in, s.scale, s.shift);
                              },
                              [&](const Relu& relu) {
                                return relu.overwrites ? take(0).relu_() : take(0).relu();
                              },
                              [&](const op::Add&) {
                                const auto a = take(0);
                                return a + take(1);
                              },
                              [&](const op::GlobalAverage&) {
                                return take(0).mean({2, 3}, /*keepdim=*/false, torch::kFloat32);
                              },
                              [&](const Linear& linear) {
                                return torch::nn::functional::linear(take(0), linear.weight,
                                                                     linear.bias);
                              }},
                   kernel));
    if (output == wanted) break;
  }
  return values.take(wanted);
}

}  // namespace sau
