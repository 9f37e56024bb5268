#include "sau/net/second_order.h"

#include <array>
#include <optional>
#include <tuple>

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
std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> gradients(const torch::Tensor& gradient,
                                                                  const torch::Tensor& x,
                                                                  const torch::Tensor& weight,
                                                                  const ConvolutionForm& form,
                                                                  std::array<bool, 3> wanted) {
  return at::convolution_backward(gradient, x, weight, {}, {form.stride, form.stride},
                                  {form.padding, form.padding}, {1, 1}, /*transposed=*/false,
                                  {0, 0}, form.groups, wanted);
}

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
    context->save_for_backward({gradient, weight});
    save_form(context, form);
    return std::get<0>(gradients(gradient, x, weight, form, {true, false, false}));
  }
  static tensor_list backward(AutogradContext* context, tensor_list vectors) {
    const auto saved = context->get_saved_variables();
    const auto form = saved_form(context);
    tensor_list result(4);
    if (context->needs_input_grad(0)) result[0] = plain(vectors[0], saved[1].detach(), {}, form);
    if (context->needs_input_grad(1)) {
      result[1] = std::get<1>(
          gradients(saved[0].detach(), vectors[0], saved[1].detach(), form, {false, true, false}));
    }
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
    return plain(x, weight, bias, form);
  }
  static tensor_list backward(AutogradContext* context, tensor_list incoming) {
    const auto saved = context->get_saved_variables();
    const auto form = saved_form(context);
    const auto& gradient = incoming[0];
    const auto x = saved[0].detach();
    tensor_list result(4);
    if (context->needs_input_grad(0)) result[0] = InputGradient::apply(gradient, saved[1], x, form);
    if (context->needs_input_grad(1)) {
      result[1] =
          std::get<1>(gradients(gradient, x, saved[1].detach(), form, {false, true, false}));
    }
    const bool biased = context->saved_data["biased"].toBool();
    if (biased && context->needs_input_grad(2)) result[2] = gradient.sum({0, 2, 3});
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
  return second_order ? TwiceDifferentiable::apply(x, weight, given, form)
                      : plain(x, weight, given, form);
}

}  // namespace sau
