#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sau/torch.h"

namespace sau {

/// How a fresh weight is filled.
struct Init {
  enum class Kind {
    kConstant,      ///< `value` everywhere
    kUniform,       ///< uniform in [-value, value)
    kDefaultWeight  ///< what LibTorch draws for the weight of a layer: uniform, by its fan-in
  } kind;
  double value = 0;
};

/// A tensor of the state dict.
struct Weight {
  std::string key;  ///< of the checkpoint, such as layer1.0.conv1.weight
  std::vector<int64_t> shape;
  torch::ScalarType dtype;
  bool trains;  ///< a parameter; else a buffer
  Init init;
};

/// What a node computes. Weights are positions in Graph::weights.
namespace op {

/// The normalized images [N,3,H,W].
struct Input {};
/// Square kernel; padding on all sides.
struct Conv2d {
  size_t weight;
  std::optional<size_t> bias;
  int64_t in, out, kernel, stride, padding, groups;
};
struct BatchNorm {
  size_t weight, bias, mean, variance, count;
  int64_t channels;
  double eps, momentum;
};
struct Relu {};
/// The sum of two values of the same shape.
struct Add {};
/// [N,C,H,W] -> [N,C], in float32 whatever the network computes in.
struct GlobalAverage {};
/// [N,in] -> [N,out], in float32.
struct Linear {
  size_t weight, bias;
  int64_t in, out;
};

}  // namespace op

using Op = std::variant<op::Input, op::Conv2d, op::BatchNorm, op::Relu, op::Add, op::GlobalAverage,
                        op::Linear>;

/// Lambdas as one visitor of an Op.
template <class... Lambdas>
struct Overloaded : Lambdas... {
  using Lambdas::operator()...;
};
template <class... Lambdas>
Overloaded(Lambdas...) -> Overloaded<Lambdas...>;

struct Node {
  Op op;
  std::vector<size_t> inputs;  ///< positions of the nodes whose values it takes
};

/// An image classifier as data: what its state dict holds, and what it computes. Made by a
/// GraphBuilder.
struct Graph {
  std::vector<Weight> weights;  ///< in the order of the state dict
  std::vector<Node> nodes;      ///< in order of execution: the input first, the logits last

  /// The last layer, which gives the logits.
  const op::Linear& head() const { return std::get<op::Linear>(nodes.back().op); }
  /// The node whose value the last layer takes.
  size_t features() const { return nodes.back().inputs[0]; }
};

/// How often each node's value is used; the logits count as used once.
std::vector<int64_t> uses_of(const Graph& graph);

/// True where a node may overwrite the value that it takes: nobody else takes it, and the backward
/// pass of the node that made it does not need it. uses: those of the graph.
bool may_overwrite_input(const Graph& graph, const std::vector<int64_t>& uses, size_t node);

}  // namespace sau
