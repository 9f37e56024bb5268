#include "sau/net/frozen_graph.h"

#include "sau/net/point_convolution.h"
#include "sau/net/second_order.h"
#include "sau/net/weightless.h"

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
    // Where it is positive does not depend on the pixels to second order.
    return {at::threshold_backward(gradients[0], saved[0].detach(), 0).mul_(saved[1]), {}, {}};
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

/// An operation that is nothing but its weights in another dtype.
torch::Tensor apply_weighted(const Op& op, const std::vector<torch::Tensor>& weights,
                             const Inputs& in) {
  return std::visit(
      Overloaded{[&](const op::LayerNorm& norm) {
                   return torch::layer_norm(in[0], {norm.channels}, weights[0], weights[1],
                                            norm.eps);
                 },
                 [&](const op::Linear&) { return at::linear(in[0], weights[0], weights[1]); },
                 [&](const op::Scale&) { return in[0] * weights[0]; },
                 [&](const op::WeightValue&) { return weights[0]; },
                 [&](const op::PrependToken&) { return prepend(weights[0], in[0]); },
                 [&](const op::AddPositions&) { return in[0] + weights[0]; },
                 [](const auto&) -> torch::Tensor {
                   TORCH_CHECK(false, "expected an operation with weights");
                 }},
      op);
}

/// An operation without weights.
torch::Tensor apply_weightless(const Op& op, const Inputs& in) {
  return std::visit(
      [&](const auto& some) -> torch::Tensor {
        if constexpr (requires { compute(some, in); }) {
          return compute(some, in);
        } else {
          TORCH_CHECK(false, "expected an operation without weights");
        }
      },
      op);
}

}  // namespace

FrozenGraph::FrozenGraph(const GraphModule& source, torch::ScalarType precision, Taps taps)
    : source_(source),
      taps_(std::move(taps)),
      graph_(evaluated()),
      precision_(precision),
      uses_(uses_of(graph_)),
      by_images_(nodes_by_images(graph_)) {
  for (const size_t node : taps_.nodes) ++uses_[node];
  const auto& nodes = graph_.nodes;
  const auto users = only_users(graph_, uses_);
  std::vector<bool> absorbed(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (absorbed[i]) continue;
    Step step{kernel_of(i), nodes[i].inputs, i};
    for (const size_t node : absorb(step, users)) absorbed[node] = true;
    steps_.push_back(std::move(step));
  }
  refresh();
}

/// The source's graph in evaluation mode, whose nodes the taps name from then on.
Graph FrozenGraph::evaluated() {
  std::vector<size_t> positions;
  auto graph = in_evaluation(source_.graph(), &positions);
  for (auto& node : taps_.nodes) node = positions[node];
  return graph;
}

/// Lets a step do what those do who alone use its value. users: of each node. Returns their nodes.
std::vector<size_t> FrozenGraph::absorb(Step& step,
                                        const std::vector<std::optional<size_t>>& users) const {
  const auto user = users[step.output];
  if (!user) return {};
  const auto& next = graph_.nodes[*user].op;
  if (auto* convolution = std::get_if<Convolution>(&step.kernel)) {
    const auto* norm = std::get_if<op::BatchNorm>(&next);
    if (norm == nullptr) return {};
    convolution->norm = *norm;
    step.output = *user;
    return {*user};
  }
  if (auto* scale = std::get_if<ScaleShift>(&step.kernel)) {
    if (!std::holds_alternative<op::Relu>(next)) return {};
    scale->relu = true;
    step.output = *user;
    return {*user};
  }
  const auto* weightless = std::get_if<Weightless>(&step.kernel);
  const auto* average =
      weightless == nullptr ? nullptr : std::get_if<op::AdaptiveAverage>(&weightless->op);
  if (average == nullptr || !std::holds_alternative<op::Flatten>(next) || !users[*user]) return {};
  const size_t last = *users[*user];
  const auto* linear = std::get_if<op::Linear>(&graph_.nodes[last].op);
  if (linear == nullptr || linear->wide) return {};
  step.kernel = PooledLinear{*average, *linear, {}, {}, {}};
  step.output = last;
  return {*user, last};
}

FrozenGraph::Kernel FrozenGraph::kernel_of(size_t node) const {
  const auto weighted = [&](const Op& op, std::vector<size_t> positions, bool wide = false) {
    return Weighted{op, wide ? widened(precision_) : precision_, std::move(positions), {}};
  };
  return std::visit(
      Overloaded{
          [](const op::Input& input) -> Kernel { return input; },
          [](const op::Conv2d& conv) -> Kernel { return Convolution{conv, {}, {}, {}, {}}; },
          [](const op::BatchNorm& norm) -> Kernel { return ScaleShift{norm, false, {}, {}}; },
          [&](const op::LayerNorm& norm) -> Kernel {
            return weighted(norm, {norm.weight, norm.bias}, norm.wide);
          },
          [&](const op::Linear& linear) -> Kernel {
            return weighted(linear, {linear.weight, linear.bias}, linear.wide);
          },
          [&](const op::Call& call) -> Kernel { return call; },
          [&](const op::WeightValue& value) -> Kernel {
            const auto dtype = graph_.weights[value.weight].dtype;
            return Weighted{
                value, c10::isFloatingType(dtype) ? precision_ : dtype, {value.weight}, {}};
          },
          [&](const op::Scale& scale) -> Kernel { return weighted(scale, {scale.weight}); },
          [&](const op::PrependToken& token) -> Kernel { return weighted(token, {token.weight}); },
          [&](const op::AddPositions& add) -> Kernel { return weighted(add, {add.weight}); },
          [&](const op::Relu&) -> Kernel { return Relu{may_overwrite_input(graph_, uses_, node)}; },
          [](const auto& weightless) -> Kernel { return Weightless{weightless}; }},
      graph_.nodes[node].op);
}

void FrozenGraph::refresh() {
  const torch::NoGradGuard no_grad;
  for (auto& step : steps_) {
    std::visit(Overloaded{[&](Convolution& convolution) { refresh(convolution); },
                          [&](ScaleShift& scale) { refresh(scale); },
                          [&](Weighted& weighted) { refresh(weighted); },
                          [&](PooledLinear& linear) { refresh(linear); }, [](const auto&) {}},
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
  if (gains_as_point(conv, convolution.weight)) {
    assign(convolution.transposed,
           convolution.weight.transpose(0, 1).contiguous(at::MemoryFormat::ChannelsLast));
  }
}

void FrozenGraph::refresh(ScaleShift& step) {
  const auto affine = affine_of(source_, step.norm);
  const auto per_channel = [&](const torch::Tensor& values) {
    return values.detach().to(precision_).view({1, -1, 1, 1});
  };
  assign(step.scale, per_channel(affine.scale));
  assign(step.shift, per_channel(affine.shift));
}

void FrozenGraph::refresh(Weighted& step) {
  step.weights.resize(step.positions.size());
  for (size_t k = 0; k < step.positions.size(); ++k)
    assign(step.weights[k], source_.weight(step.positions[k]).detach().to(step.dtype));
}

void FrozenGraph::refresh(PooledLinear& step) {
  const auto weight = source_.weight(step.linear.weight).detach().to(precision_);
  const int64_t places = step.average.size * step.average.size;
  assign(step.weight, weight);
  assign(step.summed, weight.unflatten(1, {-1, places}).sum(2));
  assign(step.bias, source_.weight(step.linear.bias).detach().to(precision_));
}

torch::Tensor FrozenGraph::forward(const torch::Tensor& x) const {
  return run(x, graph_.nodes.size() - 1);
}

torch::Tensor FrozenGraph::features(const torch::Tensor& x) const {
  return run(x, graph_.features());
}

torch::Tensor FrozenGraph::Convolution::operator()(const torch::Tensor& x) const {
  if (transposed.defined() && x.size(0) < kFewImages && !is_second_order())
    return point_convolution(x, weight, transposed, bias);
  return convolution(x, weight, bias, {conv.stride, conv.padding, conv.groups});
}

torch::Tensor FrozenGraph::PooledLinear::operator()(const torch::Tensor& map) const {
  if (map.size(2) == 1 && map.size(3) == 1) return at::linear(map.flatten(1), summed, bias);
  return at::linear(average_to(average.size, map).flatten(1), weight, bias);
}

void FrozenGraph::compute(const Step& step, const torch::Tensor& x, Values& values) const {
  const Inputs in(values, step.inputs);
  values.put(step.output,
             std::visit<c10::IValue>(
                 Overloaded{[&](const op::Input&) { return x.to(precision_); },
                            [&](const Convolution& c) { return c(in[0]); },
                            [&](const ScaleShift& s) {
                              return s.relu ? ScaleShiftRelu::apply(in[0], s.scale, s.shift)
                                            : ScaleShiftOfPixels::apply(in[0], s.scale, s.shift);
                            },
                            [&](const Weighted& w) { return apply_weighted(w.op, w.weights, in); },
                            [&](const PooledLinear& linear) { return linear(in[0]); },
                            [&](const Relu& relu) { return sau::relu(in[0], relu.overwrites); },
                            [&](const Weightless& w) { return apply_weightless(w.op, in); },
                            [&](const op::Call& call) {
                              return (*call.callee)(in.all(), {precision_, x.device()});
                            }},
                 step.kernel));
}

torch::Tensor FrozenGraph::run(const torch::Tensor& x, size_t wanted) const {
  Values values(uses_);
  for (const auto& step : steps_) {
    compute(step, x, values);
    if (const auto tap = taps_.find(step.output))
      taps_.take(*tap, values.take(step.output).toTensor());
    if (step.output == wanted) break;
  }
  return values.take(wanted).toTensor();
}

torch::Tensor FrozenGraph::forward_from(size_t k, const torch::Tensor& value) const {
  const size_t node = taps_.nodes[k];
  Values values(uses_);
  values.put(node, value.to(precision_));
  for (const auto& step : steps_) {
    if (step.output > node || !by_images_[step.output]) compute(step, value, values);
  }
  return values.take(graph_.nodes.size() - 1).toTensor();
}

torch::Tensor FrozenGraph::forward_with(size_t k, const ValueLayer& layer,
                                        const torch::Tensor& x) const {
  const size_t node = taps_.nodes[k];
  Values values(uses_);
  for (const auto& step : steps_) {
    if (step.output == node) {
      values.put(node, layer(Inputs(values, step.inputs)[0]));
    } else {
      compute(step, x, values);
    }
  }
  return values.take(graph_.nodes.size() - 1).toTensor();
}

}  // namespace sau
