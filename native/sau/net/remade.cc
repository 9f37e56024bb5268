#include "sau/net/remade.h"

#include <algorithm>
#include <array>
#include <functional>
#include <tuple>
#include <utility>

#include "sau/net/second_order.h"
#include "sau/net/weightless.h"
#include "sau/net/winograd/convolution.h"

namespace sau {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// No bias is an empty optional, because a Function takes no undefined tensor.
using Bias = std::optional<torch::Tensor>;

constexpr size_t kSourceParts = 5;

tensor_list parts_of(const NormSource& source) {
  return {source.x, source.weight, source.bias, source.mean, source.inverse_deviation};
}

/// From the parts that begin there.
NormSource source_of(const tensor_list& saved, size_t first) {
  return {saved[first], saved[first + 1], saved[first + 2], saved[first + 3], saved[first + 4]};
}

Remaker& remaker_of(AutogradContext* context) {
  return static_cast<Remaker&>(*context->saved_data["remaker"].toCapsule());
}

/// What the norm gave. In evaluation mode with a variance of 1 LibTorch's kernel computes with the
/// weight as it did with the weight times the inverse deviation.
torch::Tensor normalized(const NormSource& source) {
  return std::get<0>(at::native_batch_norm(source.x, source.weight * source.inverse_deviation,
                                           source.bias, source.mean, at::ones_like(source.mean),
                                           /*training=*/false, /*momentum=*/0, /*eps=*/0));
}

/// May overwrite what it is given.
torch::Tensor apply_curve(std::optional<op::Curve> curve, torch::Tensor value) {
  if (!curve) return value;
  return *curve == op::Curve::kRelu ? value.relu_() : activate(*curve, value);
}

/// The gradient by the argument of a curve whose derivative LibTorch takes from the argument.
torch::Tensor gradient_by_argument(op::Curve curve, const torch::Tensor& gradient,
                                   const torch::Tensor& argument) {
  switch (curve) {
    case op::Curve::kRelu6:
      return at::hardtanh_backward(gradient, argument, 0, 6);
    case op::Curve::kGelu:
      return at::gelu_backward(gradient, argument);
    case op::Curve::kSilu:
      return at::silu_backward(gradient, argument);
    case op::Curve::kHardswish:
      return at::hardswish_backward(gradient, argument);
    case op::Curve::kHardsigmoid:
      return at::hardsigmoid_backward(gradient, argument);
    case op::Curve::kRelu:
    case op::Curve::kSigmoid:
      break;
  }
  TORCH_CHECK(false, "expected a curve whose derivative depends on its argument");
}

bool keeps_argument(op::Curve curve) {
  return curve != op::Curve::kRelu && curve != op::Curve::kSigmoid;
}

struct NormAndCurve : torch::autograd::Function<NormAndCurve> {
  /// Fills the statistics of the batch into the source.
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               const NormArguments& norm, std::optional<op::Curve> curve,
                               Recipe& recipe) {
    auto [value, mean, inverse_deviation, reserve, implementation] = at::_batch_norm_impl_index(
        x, weight, bias, norm.running_mean, norm.running_variance, /*training=*/true, norm.momentum,
        norm.eps, at::globalContext().userEnabledCuDNN());
    recipe.source = {x, weight, bias, mean, inverse_deviation};
    auto saved = parts_of(recipe.source);
    saved.push_back(reserve);
    context->save_for_backward(std::move(saved));
    context->saved_data["implementation"] = implementation;
    context->saved_data["remaker"] = c10::IValue::make_capsule(recipe.remaker);
    return apply_curve(curve, std::move(value));
  }

  static tensor_list backward(AutogradContext* context, tensor_list incoming) {
    const auto saved = context->get_saved_variables();
    const auto source = source_of(saved, 0);
    auto& remaker = remaker_of(context);
    const std::array<bool, 3> wanted{context->needs_input_grad(0), context->needs_input_grad(1),
                                     context->needs_input_grad(2)};
    tensor_list result(6);
    if (at::GradMode::is_enabled()) {
      fill_recorded(result, wanted, source, remaker.recorded_value(source), incoming[0]);
      return result;
    }
    const auto gradient = remaker.through_curve(incoming[0], source);
    std::tie(result[0], result[1], result[2]) = at::_batch_norm_impl_index_backward(
        context->saved_data["implementation"].toInt(), source.x, gradient, source.weight, {}, {},
        source.mean, source.inverse_deviation, /*train=*/true, remaker.eps(), wanted,
        saved[kSourceParts]);
    return result;
  }

 private:
  /// Gradients that have gradients too.
  static void fill_recorded(tensor_list& result, const std::array<bool, 3>& wanted,
                            const NormSource& source, const torch::Tensor& value,
                            const torch::Tensor& gradient) {
    const auto parts = parts_of(source);
    for (size_t k = 0; k < wanted.size(); ++k) {
      if (!wanted[k]) continue;
      result[k] = torch::autograd::grad({value}, {parts[k]}, {gradient}, /*retain_graph=*/true,
                                        /*create_graph=*/true)[0];
    }
  }
};

struct RemadeConvolution : torch::autograd::Function<RemadeConvolution> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const Bias& bias,
                               const ConvolutionForm& form, const Recipe& recipe) {
    auto saved = parts_of(recipe.source);
    saved.push_back(weight);
    context->save_for_backward(std::move(saved));
    context->saved_data["form"] = std::vector<int64_t>{form.stride, form.padding, form.groups};
    context->saved_data["biased"] = bias.has_value();
    context->saved_data["remaker"] = c10::IValue::make_capsule(recipe.remaker);
    return convolution(x, weight, bias.value_or(torch::Tensor()), form);
  }

  static tensor_list backward(AutogradContext* context, tensor_list incoming) {
    const auto saved = context->get_saved_variables();
    const auto source = source_of(saved, 0);
    const auto& weight = saved[kSourceParts];
    const auto values = context->saved_data["form"].toIntVector();
    const ConvolutionForm form{values[0], values[1], values[2]};
    const bool biased = context->saved_data["biased"].toBool();
    const std::array<bool, 3> wanted{context->needs_input_grad(0), context->needs_input_grad(1),
                                     biased && context->needs_input_grad(2)};
    auto& remaker = remaker_of(context);
    if (at::GradMode::is_enabled())
      return gradients(incoming[0], remaker.recorded_value(source), weight, form, wanted);
    // The gradient by x needs of x its shape alone.
    const auto x = wanted[1] ? remaker.value(source) : at::empty_like(source.x);
    if (!winograd::gains(x, weight, form)) return gradients(incoming[0], x, weight, form, wanted);
    tensor_list result(5);
    if (wanted[0])
      result[0] = winograd::input_gradient(incoming[0], weight, x.sizes(), form.stride);
    if (wanted[1]) result[1] = winograd::weight_gradient(incoming[0], x, form.stride);
    if (wanted[2]) result[2] = incoming[0].sum({0, 2, 3});
    return result;
  }

 private:
  static tensor_list gradients(const torch::Tensor& gradient, const torch::Tensor& x,
                               const torch::Tensor& weight, const ConvolutionForm& form,
                               const std::array<bool, 3>& wanted) {
    tensor_list result(5);
    const std::vector<int64_t> bias_size{weight.size(0)};
    std::tie(result[0], result[1], result[2]) = at::convolution_backward(
        gradient, x, weight, bias_size, {form.stride, form.stride}, {form.padding, form.padding},
        {1, 1}, /*transposed=*/false, {0, 0}, form.groups, wanted);
    return result;
  }
};

/// Whether an operation keeps nothing of a value that it takes, or can make it again.
bool lets_go(const Op& op) {
  if (const auto* conv = std::get_if<op::Conv2d>(&op)) return !slices_for_stride(*conv);
  return std::holds_alternative<op::Add>(op) || std::holds_alternative<op::GlobalAverage>(op);
}

std::optional<op::Curve> curve_of(const Op& op) {
  if (std::holds_alternative<op::Relu>(op)) return op::Curve::kRelu;
  const auto* activation = std::get_if<op::Activate>(&op);
  return activation == nullptr ? std::nullopt : std::optional(activation->curve);
}

/// The nodes that take each node's value.
std::vector<std::vector<size_t>> users_of(const Graph& graph) {
  std::vector<std::vector<size_t>> users(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const size_t input : graph.nodes[i].inputs) users[input].push_back(i);
  }
  return users;
}

}  // namespace

std::vector<NormGroup> norm_groups(const Graph& graph, const std::vector<int64_t>& uses) {
  const auto users = users_of(graph);
  const auto op_of = [&](size_t node) -> const Op& { return graph.nodes[node].op; };
  const auto are_all = [&](size_t node, auto&& predicate) {
    return std::all_of(users[node].begin(), users[node].end(),
                       [&](size_t user) { return predicate(op_of(user)); });
  };
  std::vector<NormGroup> groups;
  for (size_t i = 0; i + 1 < graph.nodes.size(); ++i) {
    if (!std::holds_alternative<op::BatchNorm>(op_of(i))) continue;
    NormGroup group{i, i, {}, false};
    if (uses[i] == 1) group.curve = curve_of(op_of(users[i][0]));
    if (group.curve) group.end = users[i][0];
    group.is_dropped = are_all(group.end, lets_go);
    const auto is_convolution = [](const Op& op) { return std::holds_alternative<op::Conv2d>(op); };
    // Of a norm alone LibTorch keeps the value only where a convolution does.
    const bool gains = group.curve ? group.is_dropped || keeps_argument(*group.curve)
                                   : group.is_dropped && !are_all(i, std::not_fn(is_convolution));
    if (gains) groups.push_back(group);
  }
  return groups;
}

torch::Tensor Remaker::value(const NormSource& source) {
  if (!value_.defined()) value_ = apply_curve(curve_, normalized(source));
  return value_;
}

torch::Tensor Remaker::recorded_value(const NormSource& source) const {
  const auto value = torch::batch_norm(source.x, source.weight, source.bias, {}, {},
                                       /*training=*/true, /*momentum=*/0, eps_,
                                       at::globalContext().userEnabledCuDNN());
  return curve_ ? activate(*curve_, value) : value;
}

torch::Tensor Remaker::through_curve(const torch::Tensor& gradient, const NormSource& source) {
  auto value = std::exchange(value_, torch::Tensor());
  if (!curve_) return gradient;
  if (keeps_argument(*curve_)) {
    value.reset();
    return gradient_by_argument(*curve_, gradient, normalized(source));
  }
  if (!value.defined()) value = apply_curve(curve_, normalized(source));
  if (*curve_ == op::Curve::kSigmoid) return at::sigmoid_backward(gradient, value);
  return at::threshold_backward_out(value, gradient, value, 0);
}

bool can_be_remade(const torch::Tensor& x) {
  // For other layouts LibTorch's kernel rounds otherwise in evaluation mode.
  const bool is_dense = x.is_contiguous() || x.is_contiguous(at::MemoryFormat::ChannelsLast);
  return is_dense && x.numel() > x.size(1);  // one number of a channel has no variance
}

std::pair<torch::Tensor, Recipe> normalize(const torch::Tensor& x, const NormArguments& norm,
                                           std::optional<op::Curve> curve) {
  Recipe recipe{{}, c10::make_intrusive<Remaker>(norm.eps, curve)};
  auto value = NormAndCurve::apply(x, norm.weight, norm.bias, norm, curve, recipe);
  return {std::move(value), std::move(recipe)};
}

torch::Tensor convolution(const torch::Tensor& x, const Recipe& recipe, const torch::Tensor& weight,
                          const torch::Tensor& bias, const ConvolutionForm& form) {
  const auto given = bias.defined() ? Bias(bias) : std::nullopt;
  return RemadeConvolution::apply(x, weight, given, form, recipe);
}

}  // namespace sau
