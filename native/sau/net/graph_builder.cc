#include "sau/net/graph_builder.h"

#include <algorithm>
#include <cmath>

namespace sau {
namespace {

constexpr Init kZeros{Init::Kind::kConstant, 0};
constexpr Init kOnes{Init::Kind::kConstant, 1};
constexpr Init kDefault{Init::Kind::kDefaultWeight};

/// What LibTorch draws for the bias of a layer.
Init default_bias(int64_t fan_in) {
  return {Init::Kind::kUniform, 1 / std::sqrt(static_cast<double>(fan_in))};
}

Weight parameter(const std::string& key, std::vector<int64_t> shape, const Init& init) {
  return {key, std::move(shape), torch::kFloat32, /*trains=*/true, init};
}

Weight buffer(const std::string& key, std::vector<int64_t> shape, torch::ScalarType dtype,
              const Init& init) {
  return {key, std::move(shape), dtype, /*trains=*/false, init};
}

const char* name_of(Value::Form form) { return form == Value::Form::kMap ? "map" : "vector"; }

}  // namespace

Value Layer::operator()(const Value& x) const {
  TORCH_CHECK(x.form == form_ && x.channels == in_, "expected a ", name_of(form_), " of ", in_,
              " channels for the layer ", net_.layers_[position_], ", got a ", name_of(x.form),
              " of ", x.channels);
  net_.used_[position_] = true;
  return net_.append(op_, {x.node}, form_, out_);
}

GraphBuilder::GraphBuilder() { append(op::Input{}, {}, Value::Form::kMap, 3); }

Layer GraphBuilder::conv(const std::string& key, const ConvOptions& o) {
  TORCH_CHECK(o.in > 0 && o.out > 0 && o.kernel > 0 && o.stride > 0 && o.groups > 0 &&
                  o.in % o.groups == 0 && o.out % o.groups == 0,
              "expected sizes above 0 and whole groups for the layer ", key, ", got ", o.in, " -> ",
              o.out, ", kernel ", o.kernel, ", stride ", o.stride, ", groups ", o.groups);
  const int64_t in = o.in / o.groups;
  op::Conv2d conv{
      .weight = declare(parameter(key + ".weight", {o.out, in, o.kernel, o.kernel}, kDefault)),
      .bias = {},
      .in = o.in,
      .out = o.out,
      .kernel = o.kernel,
      .stride = o.stride,
      .padding = o.kernel / 2,
      .groups = o.groups};
  if (o.bias)
    conv.bias = declare(parameter(key + ".bias", {o.out}, default_bias(in * o.kernel * o.kernel)));
  return layer(key, conv, Value::Form::kMap, o.in, o.out);
}

Layer GraphBuilder::batch_norm(const std::string& key, int64_t channels,
                               const NormOptions& options) {
  const auto statistic = [&](const char* name, const Init& init) {
    return declare(buffer(key + name, {channels}, torch::kFloat32, init));
  };
  // Braces evaluate from left to right: this is the order of the state dict.
  const op::BatchNorm norm{
      .weight = declare(parameter(key + ".weight", {channels}, kOnes)),
      .bias = declare(parameter(key + ".bias", {channels}, kZeros)),
      .mean = statistic(".running_mean", kZeros),
      .variance = statistic(".running_var", kOnes),
      .count = declare(buffer(key + ".num_batches_tracked", {}, torch::kInt64, kZeros)),
      .channels = channels,
      .eps = options.eps,
      .momentum = options.momentum};
  return layer(key, norm, Value::Form::kMap, channels, channels);
}

Layer GraphBuilder::linear(const std::string& key, int64_t in, int64_t out) {
  TORCH_CHECK(in > 0 && out > 0, "expected sizes above 0 for the layer ", key, ", got ", in, " -> ",
              out);
  const op::Linear linear{.weight = declare(parameter(key + ".weight", {out, in}, kDefault)),
                          .bias = declare(parameter(key + ".bias", {out}, default_bias(in))),
                          .in = in,
                          .out = out};
  return layer(key, linear, Value::Form::kVector, in, out);
}

Value GraphBuilder::relu(const Value& x) {
  return append(op::Relu{}, {x.node}, x.form, x.channels);
}

Value GraphBuilder::join(const Value& a, const Value& b) {
  TORCH_CHECK(a.form == b.form && a.channels == b.channels, "expected the sum of two alike, got a ",
              name_of(a.form), " of ", a.channels, " channels and a ", name_of(b.form), " of ",
              b.channels);
  return append(op::Add{}, {a.node, b.node}, a.form, a.channels);
}

Value GraphBuilder::global_average(const Value& x) {
  TORCH_CHECK(x.form == Value::Form::kMap, "expected a map to average, got a vector");
  return append(op::GlobalAverage{}, {x.node}, Value::Form::kVector, x.channels);
}

Graph GraphBuilder::finish(const Layer& head, const Value& features) {
  TORCH_CHECK(std::holds_alternative<op::Linear>(head.op_),
              "expected a linear layer as the head, got ", layers_[head.position_]);
  head(features);
  const auto unused = std::find(used_.begin(), used_.end(), false);
  TORCH_CHECK(unused == used_.end(), "expected every layer to be used but not ",
              layers_[static_cast<size_t>(unused - used_.begin())]);
  const auto uses = uses_of(graph_);
  const auto idle = std::find(uses.begin(), uses.end(), 0);
  TORCH_CHECK(idle == uses.end(), "expected every value to be used but not that of node ",
              idle - uses.begin());
  return std::move(graph_);
}

size_t GraphBuilder::declare(Weight weight) {
  const auto& weights = graph_.weights;
  const bool known = std::any_of(weights.begin(), weights.end(),
                                 [&](const Weight& other) { return other.key == weight.key; });
  TORCH_CHECK(!known, "expected keys that differ but found ", weight.key, " twice");
  graph_.weights.push_back(std::move(weight));
  return graph_.weights.size() - 1;
}

Layer GraphBuilder::layer(const std::string& key, Op op, Value::Form form, int64_t in,
                          int64_t out) {
  layers_.push_back(key);
  used_.push_back(false);
  return {*this, layers_.size() - 1, std::move(op), form, in, out};
}

Value GraphBuilder::append(Op op, std::vector<size_t> inputs, Value::Form form, int64_t channels) {
  graph_.nodes.push_back({std::move(op), std::move(inputs)});
  return {form, graph_.nodes.size() - 1, channels};
}

}  // namespace sau
