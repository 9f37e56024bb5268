#include "sau/net/linear.h"

#include <torch/nn/functional/linear.h>

namespace sau {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

thread_local LinearGradients* open_gradients = nullptr;

/// A linear layer of rows [n,in]. Passed backward in the scope of a guard, it adds the gradient of
/// its weight there.
struct FactoredLinear : torch::autograd::Function<FactoredLinear> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias) {
    context->save_for_backward({x, weight});
    return at::linear(x, weight, bias);
  }
  static tensor_list backward(AutogradContext* context, tensor_list incoming) {
    const auto saved = context->get_saved_variables();
    const auto &gradient = incoming[0], &x = saved[0], &weight = saved[1];
    tensor_list result{gradient.mm(weight), {}, gradient.sum(0)};
    if (open_gradients == nullptr) {
      result[1] = gradient.t().mm(x);
    } else {
      open_gradients->add(weight, x.detach(), gradient);
    }
    return result;
  }
};

}  // namespace

bool LinearGradients::take(const torch::Tensor& weight) {
  constexpr size_t kLarge = size_t{16} << 20;
  return weight.is_cpu() && weight.dim() == 2 && weight.is_leaf() && weight.requires_grad() &&
         weight.scalar_type() == torch::kFloat32 && weight.nbytes() >= kLarge;
}

void LinearGradients::add(const torch::Tensor& weight, const torch::Tensor& taken,
                          const torch::Tensor& gradient) {
  factors_[weight.unsafeGetTensorImpl()].emplace_back(taken, gradient);
}

torch::Tensor LinearGradients::rows(const torch::Tensor& weight, int64_t begin, int64_t end) const {
  auto sum = torch::zeros({end - begin, weight.size(1)}, weight.options());
  for (const auto& [taken, gradient] : factors_.at(weight.unsafeGetTensorImpl()))
    sum.addmm_(gradient.slice(1, begin, end).t(), taken);
  return sum;
}

LinearGradientsGuard::LinearGradientsGuard(LinearGradients& gradients) : before_(open_gradients) {
  open_gradients = &gradients;
}

LinearGradientsGuard::~LinearGradientsGuard() { open_gradients = before_; }

torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight,
                     const torch::Tensor& bias) {
  if (open_gradients != nullptr && x.dim() == 2 && LinearGradients::take(weight))
    return FactoredLinear::apply(x, weight, bias);
  return torch::nn::functional::linear(x, weight, bias);
}

}  // namespace sau
