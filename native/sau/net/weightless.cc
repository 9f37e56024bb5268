#include "sau/net/weightless.h"

#include <cmath>

#include "sau/net/second_order.h"

namespace sau {
namespace {

/// Queries, keys and values [N,heads,T,C].
torch::Tensor attend(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v) {
  // A fused attention has no second derivative.
  if (!is_second_order()) return at::scaled_dot_product_attention(q, k, v);
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
  return at::softmax(scale * q.matmul(k.transpose(2, 3)), 3).matmul(v);
}

/// Whose derivative does not depend on x. LibTorch's has a gradient by x too, a map of zeros.
struct ReluOfSecondOrder : torch::autograd::Function<ReluOfSecondOrder> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x) {
    auto out = at::relu(x);
    context->save_for_backward({out});
    return out;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto out = context->get_saved_variables()[0].detach();
    return {at::threshold_backward(gradients[0], out, 0)};
  }
};

}  // namespace

torch::Tensor relu(torch::Tensor x, bool overwrites) {
  if (is_second_order()) return ReluOfSecondOrder::apply(x);
  return overwrites ? x.relu_() : x.relu();
}

torch::ScalarType widened(torch::ScalarType dtype) {
  return dtype == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
}

torch::Tensor activate(op::Curve curve, const torch::Tensor& x) {
  switch (curve) {
    case op::Curve::kRelu:
      return relu(x, /*overwrites=*/false);
    case op::Curve::kRelu6:
      return at::hardtanh(x, 0, 6);
    case op::Curve::kGelu:
      return at::gelu(x);
    case op::Curve::kSilu:
      return at::silu(x);
    case op::Curve::kHardswish:
      return at::hardswish(x);
    case op::Curve::kHardsigmoid:  // whose own backward pass has no derivative
      return is_second_order() ? (x + 3).clamp(0, 6) / 6 : at::hardsigmoid(x);
    case op::Curve::kSigmoid:
      return at::sigmoid(x);
  }
  TORCH_CHECK(false, "unknown activation");
}

torch::Tensor compute(const op::Activate& op, const Inputs& in) {
  return activate(op.curve, in[0]);
}

torch::Tensor compute(const op::Add&, const Inputs& in) {
  const auto a = in[0];
  return a + in[1];
}

torch::Tensor compute(const op::Gate&, const Inputs& in) {
  const auto x = in[0];
  return x * in[1];
}

torch::Tensor compute(const op::Concat&, const Inputs& in) {
  std::vector<torch::Tensor> parts;
  for (size_t k = 0; k < in.size(); ++k) parts.push_back(in[k]);
  return at::cat(parts, 1);
}

torch::Tensor compute(const op::Channels& op, const Inputs& in) {
  return in[0].narrow(1, op.first, op.count);
}

torch::Tensor compute(const op::Shuffle& op, const Inputs& in) {
  const auto x = in[0];
  return x.unflatten(1, {op.groups, -1}).transpose(1, 2).flatten(1, 2);
}

torch::Tensor compute(const op::Pool& op, const Inputs& in) {
  const auto window = [](int64_t n) { return std::vector<int64_t>{n, n}; };
  if (op.pooling == op::Pooling::kMax) {
    return at::max_pool2d(in[0], window(op.kernel), window(op.stride), window(op.padding),
                          /*dilation=*/1, op.ceil);
  }
  return at::avg_pool2d(in[0], window(op.kernel), window(op.stride), window(op.padding), op.ceil);
}

torch::Tensor average_to(int64_t size, const torch::Tensor& map) {
  const auto height = map.size(2), width = map.size(3);
  // Where nothing has to be averaged in part, the backward pass is a plain one, which is
  // deterministic on every device.
  if (height == size && width == size) return map;
  if (size == 1) return map.mean({2, 3}, /*keepdim=*/true);
  if (height == 1 && width == 1) return map.expand({-1, -1, size, size});
  return at::adaptive_avg_pool2d(map, {size, size});
}

torch::Tensor compute(const op::AdaptiveAverage& op, const Inputs& in) {
  return average_to(op.size, in[0]);
}

torch::Tensor compute(const op::GlobalAverage&, const Inputs& in) {
  const auto x = in[0];
  return x.mean({2, 3}, /*keepdim=*/false, widened(x.scalar_type()));
}

torch::Tensor compute(const op::Flatten&, const Inputs& in) { return in[0].flatten(1); }

torch::Tensor compute(const op::ChannelsToLast&, const Inputs& in) {
  return in[0].permute({0, 2, 3, 1});
}

torch::Tensor compute(const op::ChannelsToFront&, const Inputs& in) {
  return in[0].permute({0, 3, 1, 2});
}

torch::Tensor compute(const op::Tokens&, const Inputs& in) {
  return in[0].flatten(2).transpose(1, 2);
}

torch::Tensor compute(const op::FirstToken&, const Inputs& in) { return in[0].select(1, 0); }

torch::Tensor compute(const op::Attention& op, const Inputs& in) {
  const auto x = in[0];
  const auto count = x.size(0), tokens = x.size(1), channels = x.size(2) / 3;
  const auto parts =
      x.reshape({count, tokens, 3, op.heads, channels / op.heads}).permute({2, 0, 3, 1, 4});
  return attend(parts[0], parts[1], parts[2]).transpose(1, 2).reshape({count, tokens, channels});
}

torch::Tensor compute(const op::Resize& op, const Inputs& in) {
  const auto x = in[0];
  if (x.size(2) == op.size && x.size(3) == op.size) return x;
  const std::vector<int64_t> size{op.size, op.size};
  // An image that grows has nothing to smooth: both kernels give the same up to rounding, and this
  // one knows every dtype and layout.
  if (x.size(2) <= op.size && x.size(3) <= op.size)
    return at::upsample_bilinear2d(x, size, /*align_corners=*/false);
  return at::_upsample_bilinear2d_aa(x.to(widened(x.scalar_type())), size, /*align_corners=*/false)
      .to(x.scalar_type());
}

torch::Tensor compute(const op::Widen&, const Inputs& in) {
  const auto x = in[0];
  return x.to(widened(x.scalar_type()));
}

torch::Tensor prepend(const torch::Tensor& token, const torch::Tensor& tokens) {
  return at::cat({token.expand({tokens.size(0), 1, tokens.size(2)}), tokens}, 1);
}

}  // namespace sau
