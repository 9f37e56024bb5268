#include "sau/net/graph_module.h"

#include <torch/nn/functional/batchnorm.h>
#include <torch/nn/functional/linear.h>
#include <torch/nn/init.h>

#include <cmath>
#include <memory>
#include <string>

#include "sau/net/values.h"
#include "sau/state_dict.h"

namespace sau {
namespace {

torch::Tensor fresh(const Weight& weight) {
  const torch::NoGradGuard no_grad;
  auto tensor = torch::empty(weight.shape, weight.dtype);
  switch (weight.init.kind) {
    case Init::Kind::kConstant:
      return tensor.fill_(weight.init.value);
    case Init::Kind::kUniform:
      return tensor.uniform_(-weight.init.value, weight.init.value);
    case Init::Kind::kDefaultWeight:
      return torch::nn::init::kaiming_uniform_(tensor, std::sqrt(5));
  }
  TORCH_CHECK(false, "unknown initialization");
}

}  // namespace

GraphModule::GraphModule(Graph graph) : graph_(std::move(graph)), uses_(uses_of(graph_)) {
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

torch::Tensor GraphModule::forward(const torch::Tensor& x) const {
  Values values(uses_);
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const auto& [op, inputs] = graph_.nodes[i];
    const auto take = [&](size_t k) { return values.take(inputs[k]); };
    values.put(
        i,
        std::visit(Overloaded{[&](const op::Input&) { return x; },
                              [&](const op::Conv2d& conv) { return convolve(conv, take(0)); },
                              [&](const op::BatchNorm& norm) { return normalize(norm, take(0)); },
                              [&](const op::Relu&) {
                                return may_overwrite_input(graph_, uses_, i) ? take(0).relu_()
                                                                             : take(0).relu();
                              },
                              [&](const op::Add&) {
                                const auto a = take(0);
                                return a + take(1);
                              },
                              [&](const op::GlobalAverage&) {
                                return take(0).mean({2, 3}, /*keepdim=*/false, torch::kFloat32);
                              },
                              [&](const op::Linear& linear) {
                                return torch::nn::functional::linear(
                                    take(0), weights_[linear.weight], weights_[linear.bias]);
                              }},
                   op));
  }
  return values.take(graph_.nodes.size() - 1);
}

/// Convolves in the dtype of the input. The gradient of the weight is float32.
torch::Tensor GraphModule::convolve(const op::Conv2d& conv, torch::Tensor x) const {
  // For few channels the stride of a 1x1 convolution is a slice: oneDNN's weight gradient of a
  // strided 1x1 channels-last convolution of fewer than 16 (AVX2: 8) input channels writes past its
  // workspace.
  constexpr int64_t kSafeChannels = 16;
  int64_t stride = conv.stride;
  if (conv.kernel == 1 && stride != 1 && conv.in < kSafeChannels) {
    x = x.slice(2, 0, x.size(2), stride).slice(3, 0, x.size(3), stride);
    stride = 1;
  }
  const auto in_dtype = [&](size_t weight) { return weights_[weight].to(x.scalar_type()); };
  return torch::conv2d(x, in_dtype(conv.weight), conv.bias ? in_dtype(*conv.bias) : torch::Tensor(),
                       stride, conv.padding, /*dilation=*/1, conv.groups);
}

torch::Tensor GraphModule::normalize(const op::BatchNorm& norm, const torch::Tensor& x) const {
  if (is_training()) {
    auto count = weights_[norm.count];
    count += 1;
  }
  return torch::nn::functional::detail::batch_norm(x, weights_[norm.mean], weights_[norm.variance],
                                                   weights_[norm.weight], weights_[norm.bias],
                                                   is_training(), norm.momentum, norm.eps);
}

}  // namespace sau
