#include "sau/net/graph_module.h"

#include <torch/nn/functional/batchnorm.h>
#include <torch/nn/init.h>

#include <cmath>
#include <memory>
#include <string>

#include "sau/error.h"
#include "sau/net/linear.h"
#include "sau/net/second_order.h"
#include "sau/net/weightless.h"
#include "sau/state_dict.h"

namespace sau {
namespace {

/// Fills with normal numbers of a standard deviation, those beyond 2 in absolute value drawn anew:
/// by inverting the distribution function.
torch::Tensor truncated_normal(torch::Tensor tensor, double std) {
  const double edge = std::erf(2 / (std * std::sqrt(2)));
  return tensor.uniform_(-edge, edge).erfinv_().mul_(std * std::sqrt(2)).clamp_(-2, 2);
}

/// Whether each image keeps its residual branch in a training pass: [N,1,1,1], 0 or 1 / (1 - rate).
torch::Tensor kept_branches(const torch::Tensor& x, double rate) {
  const double kept = 1 - rate;
  return torch::empty({x.size(0), 1, 1, 1}, x.options()).bernoulli_(kept).div_(kept);
}

/// He's: of weights before a ReLU.
double deviation_for(int64_t fan) { return std::sqrt(2 / static_cast<double>(fan)); }

torch::Tensor fresh(const Weight& weight) {
  const torch::NoGradGuard no_grad;
  auto tensor = torch::empty(weight.shape, weight.dtype);
  switch (weight.init.kind) {
    case Init::Kind::kConstant:
      return tensor.fill_(weight.init.value);
    case Init::Kind::kUniform:
      return tensor.uniform_(-weight.init.value, weight.init.value);
    case Init::Kind::kNormal:
      return tensor.normal_(0, weight.init.value);
    case Init::Kind::kTruncatedNormal:
      return truncated_normal(tensor, weight.init.value);
    case Init::Kind::kNormalByFanIn:
      return tensor.normal_(0, deviation_for(tensor.size(1) * tensor[0][0].numel()));
    case Init::Kind::kNormalByFanOut:
      return tensor.normal_(0, deviation_for(tensor.size(0) * tensor[0][0].numel()));
    case Init::Kind::kIdentity:
      return torch::nn::init::dirac_(tensor);
    case Init::Kind::kDefaultWeight:
      return torch::nn::init::kaiming_uniform_(tensor, std::sqrt(5));
    case Init::Kind::kXavierUniform:
      return torch::nn::init::xavier_uniform_(tensor);
  }
  TORCH_CHECK(false, "unknown initialization");
}

/// A weight in the dtype of a value.
torch::Tensor weight_like(const torch::Tensor& weight, const torch::Tensor& x) {
  return weight.to(x.scalar_type());
}

/// Convolves in the dtype of the input. The gradient of the weight is float32. recipe: of the
/// input, where it is not kept.
torch::Tensor convolve(const op::Conv2d& conv, const std::vector<torch::Tensor>& weights,
                       torch::Tensor x, const std::optional<Recipe>& recipe) {
  const auto weight = weight_like(weights[conv.weight], x);
  const auto bias = conv.bias ? weight_like(weights[*conv.bias], x) : torch::Tensor();
  ConvolutionForm form{conv.stride, conv.padding, conv.groups};
  if (recipe) return convolution(x, *recipe, weight, bias, form);
  if (slices_for_stride(conv)) {
    x = x.slice(2, 0, x.size(2), form.stride).slice(3, 0, x.size(3), form.stride);
    form.stride = 1;
  }
  return convolution(x, weight, bias, form);
}

/// A batch norm in evaluation mode as one product and sum, whose second derivatives are cheaper.
torch::Tensor scale_and_shift(const op::BatchNorm& norm, const std::vector<torch::Tensor>& weights,
                              const torch::Tensor& x) {
  const auto scale = weights[norm.weight] * (weights[norm.variance] + norm.eps).rsqrt();
  const auto shift = weights[norm.bias] - weights[norm.mean] * scale;
  return torch::addcmul(shift.view({1, -1, 1, 1}), x, scale.view({1, -1, 1, 1}));
}

torch::Tensor normalize_layer(const op::LayerNorm& norm, const std::vector<torch::Tensor>& weights,
                              const torch::Tensor& x) {
  return torch::layer_norm(x, {norm.channels}, weight_like(weights[norm.weight], x),
                           weight_like(weights[norm.bias], x), norm.eps);
}

torch::Tensor apply_linear(const op::Linear& linear, const std::vector<torch::Tensor>& weights,
                           const torch::Tensor& x) {
  return sau::linear(x, weight_like(weights[linear.weight], x),
                     weight_like(weights[linear.bias], x));
}

void hand_out(const Taps& taps, size_t node, Values& values) {
  if (const auto tap = taps.find(node)) taps.take(*tap, values.take(node).toTensor());
}

[[noreturn]] void refuse_training(const std::string& node) {
  throw Error("ERR_CONFIG", "Expected a program whose norms and dropouts can be trained but its " +
                                node +
                                " was exported in a form that is fixed to evaluation mode. Use "
                                "evaluation mode, or a model by its name");
}

}  // namespace

GraphModule::GraphModule(Graph graph)
    : graph_(std::move(graph)), uses_(uses_of(graph_)), groups_(norm_groups(graph_, uses_)) {
  for (const auto& weight : graph_.weights) {
    const auto dot = weight.key.rfind('.');
    auto& parent = module_of(dot == std::string::npos ? "" : weight.key.substr(0, dot));
    const auto name = weight.key.substr(dot + 1);
    weights_.push_back(weight.trains ? parent.register_parameter(name, fresh(weight))
                                     : parent.register_buffer(name, fresh(weight)));
  }
  const auto registered = state_dict(*this);
  for (size_t i = 0; i < weights_.size(); ++i) {
    TORCH_CHECK(registered[i].name == graph_.weights[i].key,
                "expected the weights in the order of a state dict but found ",
                graph_.weights[i].key, " where ", registered[i].name, " belongs");
  }
}

torch::nn::Module& GraphModule::module_of(const std::string& path) {
  if (path.empty()) return *this;
  const auto dot = path.rfind('.');
  auto& parent = module_of(dot == std::string::npos ? "" : path.substr(0, dot));
  const auto name = path.substr(dot + 1);
  for (const auto& child : parent.named_children()) {
    if (child.key() == name) return *child.value();
  }
  return *parent.register_module(name, std::make_shared<torch::nn::Module>());
}

torch::Tensor GraphModule::forward(const torch::Tensor& x,
                                   const std::vector<torch::Tensor>& weights,
                                   const Taps& taps) const {
  auto uses = uses_;
  for (const size_t node : taps.nodes) ++uses[node];
  Values values(uses);
  const auto groups = groups_of_pass(uses);
  std::vector<std::optional<Recipe>> recipes(graph_.nodes.size());
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto& [op, nodes] = graph_.nodes[i];
    const Inputs in(values, nodes);
    if (const auto* group = groups[i]) {
      // What the norm takes waits for the end of the group.
      values.put(i, i == group->end ? normalize(*group, weights, in[0], recipes[i]) : in[0]);
      hand_out(taps, i, values);
      continue;
    }
    values.put(
        i,
        std::visit<c10::IValue>(
            Overloaded{
                [&](const op::Input&) { return x; },
                [&](const op::Conv2d& conv) {
                  return convolve(conv, weights, in[0], recipes[nodes[0]]);
                },
                [&](const op::BatchNorm& norm) { return normalize(norm, weights, in[0]); },
                [&](const op::LayerNorm& norm) { return normalize_layer(norm, weights, in[0]); },
                [&](const op::Linear& linear) { return apply_linear(linear, weights, in[0]); },
                [&](const op::Scale& scale) {
                  const auto map = in[0];
                  return map * weight_like(weights[scale.weight], map);
                },
                [&](const op::PrependToken& token) {
                  const auto tokens = in[0];
                  return prepend(weight_like(weights[token.weight], tokens), tokens);
                },
                [&](const op::AddPositions& positions) {
                  const auto tokens = in[0];
                  return tokens + weight_like(weights[positions.weight], tokens);
                },
                [&](const op::Relu&) { return relu(in[0], may_overwrite_input(graph_, uses, i)); },
                [&](const op::WeightValue& value) {
                  const auto& weight = weights[value.weight];
                  return weight.is_floating_point() ? weight.to(x.scalar_type()) : weight;
                },
                [&](const op::Dropout& dropout) {
                  return torch::dropout(in[0], dropout.rate, is_training());
                },
                [&](const op::StochasticDepth& depth) {
                  const auto branch = in[0];
                  return is_training() && depth.rate > 0
                             ? branch * kept_branches(branch, depth.rate)
                             : branch;
                },
                [&](const op::Call& call) {
                  if (is_training() && !call.only_evaluates.empty())
                    refuse_training(call.only_evaluates);
                  return (*call.callee)(in.all(), {x.scalar_type(), x.device()});
                },
                [&](const auto& weightless) { return compute(weightless, in); }},
            op));
    hand_out(taps, i, values);
  }
  return values.take(graph_.nodes.size() - 1).toTensor();
}

torch::Tensor GraphModule::normalize(const op::BatchNorm& norm,
                                     const std::vector<torch::Tensor>& weights,
                                     const torch::Tensor& x) const {
  if (is_second_order() && !is_training() && x.scalar_type() == torch::kFloat32)
    return scale_and_shift(norm, weights, x);
  const auto arguments = arguments_of(norm, weights);
  return torch::nn::functional::detail::batch_norm(
      x, arguments.running_mean, arguments.running_variance, arguments.weight, arguments.bias,
      is_training(), arguments.momentum, arguments.eps);
}

torch::Tensor GraphModule::normalize(const NormGroup& group,
                                     const std::vector<torch::Tensor>& weights,
                                     const torch::Tensor& x, std::optional<Recipe>& recipe) const {
  const auto& norm = std::get<op::BatchNorm>(graph_.nodes[group.norm].op);
  if (!can_be_remade(x)) {
    const auto y = normalize(norm, weights, x);
    return group.curve ? activate(*group.curve, y) : y;
  }
  auto [value, made] = sau::normalize(x, arguments_of(norm, weights), group.curve);
  if (group.is_dropped) recipe = std::move(made);
  return value;
}

/// Counts the batch where the statistics take it in.
NormArguments GraphModule::arguments_of(const op::BatchNorm& norm,
                                        const std::vector<torch::Tensor>& weights) const {
  const bool keeps = is_training() && keeps_statistics_;
  if (is_training() && !keeps) {
    auto count = weights[norm.count];
    count += 1;
  }
  const auto running = [&](size_t position) { return keeps ? torch::Tensor() : weights[position]; };
  return {.weight = weights[norm.weight],
          .bias = weights[norm.bias],
          .running_mean = running(norm.mean),
          .running_variance = running(norm.variance),
          .momentum = norm.momentum,
          .eps = norm.eps};
}

std::vector<const NormGroup*> GraphModule::groups_of_pass(const std::vector<int64_t>& uses) const {
  std::vector<const NormGroup*> groups(graph_.nodes.size());
  if (!is_training() || !at::GradMode::is_enabled() || is_second_order()) return groups;
  for (const auto& group : groups_) {
    // A tap may take the value of a norm that its group does not give.
    if (group.norm != group.end && uses[group.norm] > 1) continue;
    groups[group.norm] = groups[group.end] = &group;
  }
  return groups;
}

}  // namespace sau
