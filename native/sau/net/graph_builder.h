#pragma once
#include <string>
#include <vector>

#include "sau/net/graph.h"

namespace sau {

class GraphBuilder;

/// What a node gives.
struct Value {
  enum class Form { kMap, kVector } form;  ///< [N,channels,H,W] or [N,channels]
  size_t node;
  int64_t channels;
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

struct ConvOptions {
  int64_t in, out, kernel;
  int64_t stride = 1;
  int64_t groups = 1;
  bool bias = false;
};

struct NormOptions {
  double eps = 1e-5;
  double momentum = 0.1;
};

/// Makes a Graph. Layers are declared in the order of the state dict and used in order of
/// execution. A mistake in the description of a network is a c10::Error.
class GraphBuilder {
 public:
  GraphBuilder();

  /// Square kernel with a padding of kernel / 2.
  Layer conv(const std::string& key, const ConvOptions& options);
  Layer batch_norm(const std::string& key, int64_t channels, const NormOptions& options = {});
  Layer linear(const std::string& key, int64_t in, int64_t out);

  /// The normalized images.
  Value input() const { return {Value::Form::kMap, 0, 3}; }
  Value relu(const Value& x);
  /// Their sum.
  Value join(const Value& a, const Value& b);
  Value global_average(const Value& x);

  /// The graph, whose logits are those of the head at the features. The builder is empty then.
  Graph finish(const Layer& head, const Value& features);

 private:
  friend Layer;
  size_t declare(Weight weight);
  Layer layer(const std::string& key, Op op, Value::Form form, int64_t in, int64_t out);
  Value append(Op op, std::vector<size_t> inputs, Value::Form form, int64_t channels);

  Graph graph_;
  std::vector<std::string> layers_;  ///< keys
  std::vector<bool> used_;           ///< of each layer
};

}  // namespace sau
