#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sau/net/call.h"
#include "sau/torch.h"

namespace sau {

/// How a fresh weight is filled.
struct Init {
  enum class Kind {
    kConstant,         ///< `value` everywhere
    kUniform,          ///< uniform in [-value, value)
    kNormal,           ///< of mean 0 and standard deviation `value`
    kTruncatedNormal,  ///< likewise, without what lies beyond 2 in absolute value
    kNormalByFanIn,    ///< normal with a variance of 2 / fan-in
    kNormalByFanOut,   ///< normal with a variance of 2 / fan-out
    kIdentity,         ///< of a 1x1 convolution: each channel is its own
    kDefaultWeight,    ///< what LibTorch draws for the weight of a layer: uniform, by its fan-in
    kXavierUniform     ///< uniform, by fan-in and fan-out
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

/// What a node computes. Weights are positions in Graph::weights. A map is [N,C,H,W]; "channels
/// last" is [N,...,C]: tokens [N,T,C], a permuted map [N,H,W,C] or a vector [N,C].
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
/// Over the channels of a channels-last value.
struct LayerNorm {
  size_t weight, bias;
  int64_t channels;
  double eps;
  bool wide;  ///< in float32 whatever the network computes in
};
/// Of the channels of a channels-last value.
struct Linear {
  size_t weight, bias;
  int64_t in, out;
  bool wide;  ///< in float32 whatever the network computes in
};
/// A map times a factor a channel, weight [C,1,1].
struct Scale {
  size_t weight;
};
/// Tokens with one more in front, weight [1,1,C].
struct PrependToken {
  size_t weight;
};
/// Tokens plus an embedding of their positions, weight [1,T,C].
struct AddPositions {
  size_t weight;
  int64_t tokens;
};
struct Relu {};
enum class Curve { kRelu, kRelu6, kGelu, kSilu, kHardswish, kHardsigmoid, kSigmoid };
/// Any other activation, element by element. GELU is the exact one.
struct Activate {
  Curve curve;
};
/// The sum of two values of the same shape.
struct Add {};
/// A map times a map of one pixel.
struct Gate {};
/// Maps of the same size, their channels one after another.
struct Concat {};
/// The channels from `first` to `first + count`.
struct Channels {
  int64_t first, count;
};
/// Channels dealt out to groups and read across them.
struct Shuffle {
  int64_t groups;
};
enum class Pooling { kMax, kAverage };
/// Square windows; padding on all sides. `ceil`: a last window may reach over the edge.
struct Pool {
  Pooling pooling;
  int64_t kernel, stride, padding;
  bool ceil;
};
/// A map of `size` x `size`, whatever the size of the input.
struct AdaptiveAverage {
  int64_t size;
};
/// [N,C,H,W] -> [N,C], in float32 whatever the network computes in.
struct GlobalAverage {};
/// [N,C,H,W] -> [N,C*H*W]
struct Flatten {};
/// [N,C,H,W] -> [N,H,W,C]
struct ChannelsToLast {};
/// [N,H,W,C] -> [N,C,H,W]
struct ChannelsToFront {};
/// [N,C,H,W] -> [N,H*W,C]
struct Tokens {};
/// [N,T,C] -> [N,C]
struct FirstToken {};
/// Queries, keys and values side by side [N,T,3*C] -> [N,T,C]
struct Attention {
  int64_t heads;
};
/// Bilinear, to `size` x `size`, whatever the aspect.
struct Resize {
  int64_t size;
};
/// In float32 whatever the network computes in.
struct Widen {};
/// Of elements. In training mode only, as the next.
struct Dropout {
  double rate;
};
/// Of a whole residual branch, for each image.
struct StochasticDepth {
  double rate;
};

}  // namespace op

using Op = std::variant<op::Input, op::Conv2d, op::BatchNorm, op::LayerNorm, op::Linear, op::Scale,
                        op::PrependToken, op::AddPositions, op::Relu, op::Activate, op::Add,
                        op::Gate, op::Concat, op::Channels, op::Shuffle, op::Pool,
                        op::AdaptiveAverage, op::GlobalAverage, op::Flatten, op::ChannelsToLast,
                        op::ChannelsToFront, op::Tokens, op::FirstToken, op::Attention, op::Resize,
                        op::Widen, op::Dropout, op::StochasticDepth, op::Call, op::WeightValue>;

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

  /// The last layer, which gives the logits; null of a program that ends otherwise.
  const op::Linear* find_head() const { return std::get_if<op::Linear>(&nodes.back().op); }
  /// The same of an architecture, which always has one.
  const op::Linear& head() const {
    const auto* head = find_head();
    TORCH_CHECK(head != nullptr, "expected a network that ends with a linear layer");
    return *head;
  }
  /// The node whose value the last layer takes.
  size_t features() const { return nodes.back().inputs[0]; }
};

/// The network in evaluation mode: without what does nothing there. positions: where to put the
/// node that gives each node's value there; may be null.
Graph in_evaluation(const Graph& graph, std::vector<size_t>* positions = nullptr);

/// How often each node's value is used; the logits count as used once.
std::vector<int64_t> uses_of(const Graph& graph);

/// True where a node may overwrite the value that it takes: nobody else takes it, and the backward
/// pass of the node that made it does not need it. uses: those of the graph.
bool may_overwrite_input(const Graph& graph, const std::vector<int64_t>& uses, size_t node);

/// True where the stride of a 1x1 convolution is a slice of its input. oneDNN's weight gradient of
/// a strided 1x1 channels-last convolution of fewer than 16 (AVX2: 8) input channels writes past
/// its workspace.
bool slices_for_stride(const op::Conv2d& conv);

}  // namespace sau
