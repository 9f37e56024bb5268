#include "sau/net/second_order.h"

#include <array>
#include <optional>
#include <tuple>

#include "sau/net/winograd/convolution.h"

namespace sau {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

thread_local bool second_order = false;

/// No bias is an empty optional, because a Function takes no undefined tensor.
using Bias = std::optional<torch::Tensor>;

torch::Tensor plain(const torch::Tensor& x, const torch::Tensor& weight, const Bias& bias,
                    const ConvolutionForm& form) {
  return torch::conv2d(x, weight, bias, form.stride, form.padding, /*dilation=*/1, form.groups);
}

/// The gradients by input and weight of plain() from that by its output; those that are wanted.
std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> plain_gradients(
    const torch::Tensor& gradient, const torch::Tensor& x, const torch::Tensor& weight,
    const ConvolutionForm& form, std::array<bool, 3> wanted) {
  return at::convolution_backward(gradient, x, weight, {}, {form.stride, form.stride},
                                  {form.padding, form.padding}, {1, 1}, /*transposed=*/false,
                                  {0, 0}, form.groups, wanted);
}

// The three passes, in the way that is fastest. They have no gradients of their own.

torch::Tensor output_of(const torch::Tensor& x, const torch::Tensor& weight, const Bias& bias,
                        const ConvolutionForm& form) {
  if (winograd::gains(x, weight, form)) return winograd::convolve(x, weight, bias, form.stride);
  return plain(x, weight, bias, form);
}

torch::Tensor input_gradient(const torch::Tensor& gradient, const torch::Tensor& x,
                             const torch::Tensor& weight, const ConvolutionForm& form) {
  if (winograd::gains(x, weight, form))
    return winograd::input_gradient(gradient, weight, x.sizes(), form.stride);
  return std::get<0>(plain_gradients(gradient, x, weight, form, {true, false, false}));
}

torch::Tensor weight_gradient(const torch::Tensor& gradient, const torch::Tensor& x,
                              const torch::Tensor& weight, const ConvolutionForm& form) {
  if (winograd::gains(x, weight, form)) return winograd::weight_gradient(gradient, x, form.stride);
  return std::get<1>(plain_gradients(gradient, x, weight, form, {false, true, false}));
}

torch::Tensor bias_gradient(const torch::Tensor& gradient) { return gradient.sum({0, 2, 3}); }

void save_form(AutogradContext* context, const ConvolutionForm& form) {
  context->saved_data["form"] = std::vector<int64_t>{form.stride, form.padding, form.groups};
}

ConvolutionForm saved_form(AutogradContext* context) {
  const auto form = context->saved_data["form"].toIntVector();
  return {form[0], form[1], form[2]};
}

/// The gradient by the input of a convolution, as a function of that by the output and of the
/// weight: linear in each, so that its own derivatives are convolutions too.
struct InputGradient : torch::autograd::Function<InputGradient> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& gradient,
                               const torch::Tensor& weight, const torch::Tensor& x,
                               const ConvolutionForm& form) {
    // The first is kept for the weight's gradient alone.
    context->save_for_backward({weight.requires_grad() ? gradient : torch::Tensor(), weight});
    save_form(context, form);
    return input_gradient(gradient, x, weight, form);
  }
  static tensor_list backward(AutogradContext* context, tensor_list vectors) {
    const auto saved = context->get_saved_variables();
    const auto form = saved_form(context);
    tensor_list result(4);
    const auto weight = saved[1].detach();
    if (context->needs_input_grad(0)) result[0] = output_of(vectors[0], weight, {}, form);
    if (context->needs_input_grad(1))
      result[1] = weight_gradient(saved[0].detach(), vectors[0], weight, form);
    return result;
  }
};

struct TwiceDifferentiable : torch::autograd::Function<TwiceDifferentiable> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const Bias& bias,
                               const ConvolutionForm& form) {
    context->save_for_backward({x, weight});
    context->saved_data["biased"] = bias.has_value();
    save_form(context, form);
    return output_of(x, weight, bias, form);
  }
  static tensor_list backward(AutogradContext* context, tensor_list incoming) {
    const auto saved = context->get_saved_variables();
    const auto form = saved_form(context);
    const auto& gradient = incoming[0];
    const auto x = saved[0].detach();
    tensor_list result(4);
    if (context->needs_input_grad(0)) result[0] = InputGradient::apply(gradient, saved[1], x, form);
    if (context->needs_input_grad(1))
      result[1] = weight_gradient(gradient, x, saved[1].detach(), form);
    const bool biased = context->saved_data["biased"].toBool();
    if (biased && context->needs_input_grad(2)) result[2] = bias_gradient(gradient);
    return result;
  }
};

/// For what Winograd's method gains. Where its gradients shall have gradients too, LibTorch
/// computes them. The input is kept for the weight's gradient alone.
struct Fast : torch::autograd::Function<Fast> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const Bias& bias,
                               const ConvolutionForm& form) {
    context->save_for_backward({weight.requires_grad() ? x : torch::Tensor(), weight});
    context->saved_data["biased"] = bias.has_value();
    context->saved_data["sizes"] = x.sizes().vec();
    save_form(context, form);
    return winograd::convolve(x, weight, bias, form.stride);
  }
  static tensor_list backward(AutogradContext* context, tensor_list incoming) {
    const auto saved = context->get_saved_variables();
    const auto &gradient = incoming[0], &weight = saved[1];
    const auto sizes = context->saved_data["sizes"].toIntVector();
    const auto form = saved_form(context);
    const std::array<bool, 2> wanted{context->needs_input_grad(0), context->needs_input_grad(1)};
    tensor_list result(4);
    if (at::GradMode::is_enabled()) {
      // Without the weight's gradient nobody reads the input's values.
      const auto x = saved[0].defined()
                         ? saved[0]
                         : at::empty(sizes, gradient.options(), at::MemoryFormat::ChannelsLast);
      std::tie(result[0], result[1], std::ignore) =
          plain_gradients(gradient, x, weight, form, {wanted[0], wanted[1], false});
    } else {
      if (wanted[0]) result[0] = winograd::input_gradient(gradient, weight, sizes, form.stride);
      if (wanted[1]) result[1] = winograd::weight_gradient(gradient, saved[0], form.stride);
    }
    const bool biased = context->saved_data["biased"].toBool();
    if (biased && context->needs_input_grad(2)) result[2] = bias_gradient(gradient);
    return result;
  }
};

}  // namespace

SecondOrderGuard::SecondOrderGuard() : before_(second_order) { second_order = true; }

SecondOrderGuard::~SecondOrderGuard() { second_order = before_; }

bool is_second_order() { return second_order; }

torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight,
                          const torch::Tensor& bias, const ConvolutionForm& form) {
  const auto given = bias.defined() ? Bias(bias) : std::nullopt;
  if (second_order) return TwiceDifferentiable::apply(x, weight, given, form);
  if (winograd::gains(x, weight, form)) return Fast::apply(x, weight, given, form);
  return plain(x, weight, given, form);
}

}  // namespace sau
