#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sau/net/graph.h"

namespace sau {

class GraphBuilder;

/// What a node gives.
struct Value {
  enum class Form { kMap, kLast } form;  ///< [N,channels,H,W] or [N,...,channels]
  size_t node;
  int64_t channels;
  bool wide = false;  ///< in float32 whatever the network computes in
};

/// A layer whose weights are declared. Using it adds a node, so that the order of the state dict
/// and the order of execution are independent of each other.
class Layer {
 public:
  Value operator()(const Value& x) const;

 private:
  friend GraphBuilder;
  Layer(GraphBuilder& net, size_t position, Op op, Value::Form form, int64_t in, int64_t out)
      : net_(net), position_(position), op_(std::move(op)), form_(form), in_(in), out_(out) {}

  GraphBuilder& net_;
  size_t position_;  ///< among the layers
  Op op_;
  Value::Form form_;  ///< of what it takes and gives
  int64_t in_, out_;
};

/// How the weights of a kind of network start.
struct Inits {
  Init conv{Init::Kind::kDefaultWeight};
  Init linear{Init::Kind::kDefaultWeight};
  bool zero_bias = false;  ///< else LibTorch's default
};

struct ConvOptions {
  int64_t in, out, kernel;
  int64_t stride = 1;
  int64_t groups = 1;
  bool bias = false;
  std::optional<int64_t> padding = {};  ///< kernel / 2 if none is given
  std::optional<Init> init = {};
};

struct NormOptions {
  double eps = 1e-5;
  double momentum = 0.1;
};

struct PoolOptions {
  int64_t kernel, stride;
  int64_t padding = 0;
  bool ceil = false;
};

/// Makes a Graph. Layers are declared in the order of the state dict and used in order of
/// execution. A mistake in the description of a network is a c10::Error.
class GraphBuilder {
 public:
  explicit GraphBuilder(const Inits& inits = {});

  // Layers with weights.
  /// Square kernel.
  Layer conv(const std::string& key, const ConvOptions& options);
  Layer batch_norm(const std::string& key, int64_t channels, const NormOptions& options = {});
  /// Of a channels-last value, as linear().
  Layer layer_norm(const std::string& key, int64_t channels, double eps);
  Layer linear(const std::string& key, int64_t in, int64_t out, std::optional<Init> init = {});
  /// Queries, keys and values of an attention in one, under the keys of torch's MultiheadAttention.
  Layer attention_input(const std::string& key, int64_t channels);
  Layer scale(const std::string& key, int64_t channels, const Init& init);
  Layer class_token(const std::string& key, int64_t channels);
  Layer positions(const std::string& key, int64_t tokens, int64_t channels);

  // Layers without.
  /// The normalized images.
  Value input() const { return {Value::Form::kMap, 0, 3}; }
  Value relu(const Value& x);
  Value activate(op::Curve curve, const Value& x);
  /// Their sum.
  Value join(const Value& a, const Value& b);
  /// A map times a map of one pixel.
  Value gate(const Value& x, const Value& factor);
  Value concat(const std::vector<Value>& parts);
  /// The channels from `first` to `first + count`.
  Value channels(const Value& x, int64_t first, int64_t count);
  Value shuffle(const Value& x, int64_t groups);
  Value max_pool(const Value& x, const PoolOptions& options);
  Value average_pool(const Value& x, const PoolOptions& options);
  /// A map of size x size.
  Value adaptive_average(const Value& x, int64_t size);
  Value global_average(const Value& x);
  /// A vector of a map of size x size.
  Value flatten(const Value& x, int64_t size);
  Value channels_to_last(const Value& x);
  Value channels_to_front(const Value& x);
  Value tokens(const Value& x);
  Value first_token(const Value& x);
  Value attention(const Value& x, int64_t heads);
  Value resize(const Value& x, int64_t size);
  Value dropout(const Value& x, double rate);
  Value stochastic_depth(const Value& x, double rate);

  /// The graph, whose logits are those of the head at the features. The builder is empty then.
  Graph finish(const Layer& head, const Value& features);

 private:
  friend Layer;
  size_t declare(Weight weight);
  Layer layer(const std::string& key, Op op, Value::Form form, int64_t in, int64_t out);
  Value append(Op op, const std::vector<Value>& inputs, Value::Form form, int64_t channels,
               bool wide);
  /// A node that keeps the form and the channels of what it takes.
  Value alike(Op op, const Value& x) { return append(op, {x}, x.form, x.channels, x.wide); }
  /// A node that takes a map.
  Value of_map(Op op, const Value& x, Value::Form form, int64_t channels);
  Init bias_init(int64_t fan_in) const;

  Inits inits_;
  Graph graph_;
  std::vector<std::string> layers_;  ///< keys
  std::vector<bool> used_;           ///< of each layer
};

}  // namespace sau
