#include "sau/net/graph_builder.h"

#include <algorithm>
#include <cmath>

namespace sau {
namespace {

constexpr Init kZeros{Init::Kind::kConstant, 0};
constexpr Init kOnes{Init::Kind::kConstant, 1};
Weight parameter(const std::string& key, std::vector<int64_t> shape, const Init& init) {
  return {key, std::move(shape), torch::kFloat32, /*trains=*/true, init};
}

Weight buffer(const std::string& key, std::vector<int64_t> shape, torch::ScalarType dtype,
              const Init& init) {
  return {key, std::move(shape), dtype, /*trains=*/false, init};
}

const char* name_of(Value::Form form) {
  return form == Value::Form::kMap ? "map" : "channels-last value";
}

}  // namespace

Value Layer::operator()(const Value& x) const {
  TORCH_CHECK(x.form == form_ && x.channels == in_, "expected a ", name_of(form_), " of ", in_,
              " channels for the layer ", net_.layers_[position_], ", got a ", name_of(x.form),
              " of ", x.channels);
  net_.used_[position_] = true;
  auto op = op_;
  if (auto* linear = std::get_if<op::Linear>(&op)) linear->wide = x.wide;
  if (auto* norm = std::get_if<op::LayerNorm>(&op)) norm->wide = x.wide;
  return net_.append(std::move(op), {x}, form_, out_, x.wide);
}

GraphBuilder::GraphBuilder(const Inits& inits) : inits_(inits) {
  append(op::Input{}, {}, Value::Form::kMap, 3, false);
}

Init GraphBuilder::bias_init(int64_t fan_in) const {
  if (inits_.zero_bias) return kZeros;
  return {Init::Kind::kUniform, 1 / std::sqrt(static_cast<double>(fan_in))};
}

Layer GraphBuilder::conv(const std::string& key, const ConvOptions& o) {
  TORCH_CHECK(o.in > 0 && o.out > 0 && o.kernel > 0 && o.stride > 0 && o.groups > 0 &&
                  o.in % o.groups == 0 && o.out % o.groups == 0,
              "expected sizes above 0 and whole groups for the layer ", key, ", got ", o.in, " -> ",
              o.out, ", kernel ", o.kernel, ", stride ", o.stride, ", groups ", o.groups);
  const std::vector<int64_t> shape{o.out, o.in / o.groups, o.kernel, o.kernel};
  op::Conv2d conv{
      .weight = declare(parameter(key + ".weight", shape, o.init.value_or(inits_.conv))),
      .bias = {},
      .in = o.in,
      .out = o.out,
      .kernel = o.kernel,
      .stride = o.stride,
      .padding = o.padding.value_or(o.kernel / 2),
      .groups = o.groups};
  if (o.bias) {
    const int64_t fan_in = shape[1] * o.kernel * o.kernel;
    conv.bias = declare(parameter(key + ".bias", {o.out}, bias_init(fan_in)));
  }
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

Layer GraphBuilder::layer_norm(const std::string& key, int64_t channels, double eps) {
  const op::LayerNorm norm{.weight = declare(parameter(key + ".weight", {channels}, kOnes)),
                           .bias = declare(parameter(key + ".bias", {channels}, kZeros)),
                           .channels = channels,
                           .eps = eps,
                           .wide = false};
  return layer(key, norm, Value::Form::kLast, channels, channels);
}

Layer GraphBuilder::linear(const std::string& key, int64_t in, int64_t out,
                           std::optional<Init> init) {
  TORCH_CHECK(in > 0 && out > 0, "expected sizes above 0 for the layer ", key, ", got ", in, " -> ",
              out);
  const op::Linear linear{
      .weight = declare(parameter(key + ".weight", {out, in}, init.value_or(inits_.linear))),
      .bias = declare(parameter(key + ".bias", {out}, bias_init(in))),
      .in = in,
      .out = out,
      .wide = false};
  return layer(key, linear, Value::Form::kLast, in, out);
}

Layer GraphBuilder::attention_input(const std::string& key, int64_t channels) {
  const int64_t out = 3 * channels;
  const op::Linear linear{.weight = declare(parameter(key + ".in_proj_weight", {out, channels},
                                                      {Init::Kind::kXavierUniform})),
                          .bias = declare(parameter(key + ".in_proj_bias", {out}, kZeros)),
                          .in = channels,
                          .out = out,
                          .wide = false};
  return layer(key, linear, Value::Form::kLast, channels, out);
}

Layer GraphBuilder::scale(const std::string& key, int64_t channels, const Init& init) {
  return layer(key, op::Scale{declare(parameter(key, {channels, 1, 1}, init))}, Value::Form::kMap,
               channels, channels);
}

Layer GraphBuilder::class_token(const std::string& key, int64_t channels) {
  return layer(key, op::PrependToken{declare(parameter(key, {1, 1, channels}, kZeros))},
               Value::Form::kLast, channels, channels);
}

Layer GraphBuilder::positions(const std::string& key, int64_t tokens, int64_t channels) {
  const Init init{Init::Kind::kNormal, 0.02};
  return layer(key, op::AddPositions{declare(parameter(key, {1, tokens, channels}, init)), tokens},
               Value::Form::kLast, channels, channels);
}

Value GraphBuilder::relu(const Value& x) { return alike(op::Relu{}, x); }

Value GraphBuilder::activate(op::Curve curve, const Value& x) {
  if (curve == op::Curve::kRelu) return relu(x);
  return alike(op::Activate{curve}, x);
}

Value GraphBuilder::join(const Value& a, const Value& b) {
  TORCH_CHECK(a.form == b.form && a.channels == b.channels, "expected the sum of two alike, got a ",
              name_of(a.form), " of ", a.channels, " channels and a ", name_of(b.form), " of ",
              b.channels);
  return append(op::Add{}, {a, b}, a.form, a.channels, a.wide && b.wide);
}

Value GraphBuilder::gate(const Value& x, const Value& factor) {
  TORCH_CHECK(x.channels == factor.channels, "expected a factor for each of ", x.channels,
              " channels, got ", factor.channels);
  return append(op::Gate{}, {x, factor}, x.form, x.channels, x.wide);
}

Value GraphBuilder::concat(const std::vector<Value>& parts) {
  int64_t channels = 0;
  for (const auto& part : parts) {
    TORCH_CHECK(part.form == Value::Form::kMap, "expected maps to put together, got a ",
                name_of(part.form));
    channels += part.channels;
  }
  return append(op::Concat{}, parts, Value::Form::kMap, channels, false);
}

Value GraphBuilder::channels(const Value& x, int64_t first, int64_t count) {
  TORCH_CHECK(first >= 0 && count > 0 && first + count <= x.channels, "expected some of ",
              x.channels, " channels, got ", first, " to ", first + count);
  return of_map(op::Channels{first, count}, x, Value::Form::kMap, count);
}

Value GraphBuilder::shuffle(const Value& x, int64_t groups) {
  TORCH_CHECK(groups > 0 && x.channels % groups == 0, "expected whole groups of ", x.channels,
              " channels, got ", groups);
  return of_map(op::Shuffle{groups}, x, Value::Form::kMap, x.channels);
}

Value GraphBuilder::max_pool(const Value& x, const PoolOptions& o) {
  return of_map(op::Pool{op::Pooling::kMax, o.kernel, o.stride, o.padding, o.ceil}, x,
                Value::Form::kMap, x.channels);
}

Value GraphBuilder::average_pool(const Value& x, const PoolOptions& o) {
  return of_map(op::Pool{op::Pooling::kAverage, o.kernel, o.stride, o.padding, o.ceil}, x,
                Value::Form::kMap, x.channels);
}

Value GraphBuilder::adaptive_average(const Value& x, int64_t size) {
  return of_map(op::AdaptiveAverage{size}, x, Value::Form::kMap, x.channels);
}

Value GraphBuilder::global_average(const Value& x) {
  auto average = of_map(op::GlobalAverage{}, x, Value::Form::kLast, x.channels);
  average.wide = true;
  return average;
}

Value GraphBuilder::flatten(const Value& x, int64_t size) {
  return of_map(op::Flatten{}, x, Value::Form::kLast, x.channels * size * size);
}

Value GraphBuilder::channels_to_last(const Value& x) {
  return of_map(op::ChannelsToLast{}, x, Value::Form::kLast, x.channels);
}

Value GraphBuilder::channels_to_front(const Value& x) {
  return append(op::ChannelsToFront{}, {x}, Value::Form::kMap, x.channels, x.wide);
}

Value GraphBuilder::tokens(const Value& x) {
  return of_map(op::Tokens{}, x, Value::Form::kLast, x.channels);
}

Value GraphBuilder::first_token(const Value& x) { return alike(op::FirstToken{}, x); }

Value GraphBuilder::attention(const Value& x, int64_t heads) {
  const int64_t channels = x.channels / 3;
  TORCH_CHECK(heads > 0 && x.channels % 3 == 0 && channels % heads == 0,
              "expected queries, keys and values of ", heads, " heads, got ", x.channels,
              " channels");
  return append(op::Attention{heads}, {x}, x.form, channels, x.wide);
}

Value GraphBuilder::resize(const Value& x, int64_t size) {
  return of_map(op::Resize{size}, x, Value::Form::kMap, x.channels);
}

Value GraphBuilder::dropout(const Value& x, double rate) { return alike(op::Dropout{rate}, x); }

Value GraphBuilder::stochastic_depth(const Value& x, double rate) {
  return alike(op::StochasticDepth{rate}, x);
}

Graph GraphBuilder::finish(const Layer& head, const Value& features) {
  TORCH_CHECK(std::holds_alternative<op::Linear>(head.op_),
              "expected a linear layer as the head, got ", layers_[head.position_]);
  auto wide = features;
  if (!wide.wide) {
    wide = alike(op::Widen{}, features);
    wide.wide = true;
  }
  head(wide);
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

Value GraphBuilder::append(Op op, const std::vector<Value>& inputs, Value::Form form,
                           int64_t channels, bool wide) {
  Node node{std::move(op), {}};
  for (const auto& input : inputs) node.inputs.push_back(input.node);
  graph_.nodes.push_back(std::move(node));
  return {form, graph_.nodes.size() - 1, channels, wide};
}

Value GraphBuilder::of_map(Op op, const Value& x, Value::Form form, int64_t channels) {
  TORCH_CHECK(x.form == Value::Form::kMap, "expected a map, got a ", name_of(x.form));
  return append(std::move(op), {x}, form, channels, x.wide);
}

}  // namespace sau
