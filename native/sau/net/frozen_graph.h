#pragma once
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include "sau/net/graph_module.h"
#include "sau/net/values.h"

namespace sau {

/// A layer as a function of the value that it takes.
using ValueLayer = std::function<torch::Tensor(const torch::Tensor& value)>;

/// A classifier's forward pass as attacks and measurements need it: evaluation mode, weights in a
/// chosen precision, gradients for the input alone. A batch norm that alone follows a convolution
/// is folded into it, in float64; any other one, with the ReLU behind it, becomes a scale and a
/// shift whose backward is one mask and one product. Dropout and stochastic depth are gone.
class FrozenGraph {
 public:
  /// A view of a module, which must outlive it. precision: dtype of the arithmetic; taps: nodes of
  /// the module's graph whose values its passes hand out, so that nothing is folded over them.
  FrozenGraph(const GraphModule& source, torch::ScalarType precision, Taps taps = {});
  /// Takes over the module's present weights. What is in a dtype or a form of its own stays at the
  /// address it has: recorded work reads it there.
  void refresh();
  /// Normalized images float32 [N,3,H,W] -> logits float32 [N,K].
  torch::Tensor forward(const torch::Tensor& x) const;
  /// Logits from the value that the k-th tap had in the place of the one that images would give it.
  /// All paths from the images to the logits go through that node.
  torch::Tensor forward_from(size_t k, const torch::Tensor& value) const;
  /// Logits of normalized images where another layer stands in the place of what gives the value of
  /// the k-th tap: a convolution with the norm behind it. Gradients go through that layer.
  torch::Tensor forward_with(size_t k, const ValueLayer& layer, const torch::Tensor& x) const;
  /// What the last layer takes, float32 [N,F].
  torch::Tensor features(const torch::Tensor& x) const;
  const Graph& graph() const { return graph_; }

 private:
  struct Convolution {
    op::Conv2d conv;
    std::optional<op::BatchNorm> norm;  ///< folded in
    torch::Tensor weight, bias;
    torch::Tensor transposed;  ///< weight, where it gains as a point convolution
    torch::Tensor operator()(const torch::Tensor& x) const;
  };
  struct ScaleShift {
    op::BatchNorm norm;
    bool relu;
    torch::Tensor scale, shift;  ///< [1,C,1,1]
  };
  /// An operation whose weights are taken over as they are.
  struct Weighted {
    Op op;  ///< LayerNorm, Linear, Scale, PrependToken, AddPositions or WeightValue
    torch::ScalarType dtype;
    std::vector<size_t> positions;  ///< of the weights in the graph
    std::vector<torch::Tensor> weights;
  };
  /// A linear layer on an average of a map. A map of one pixel is only copied to every place of the
  /// average, so that the layer's columns for one channel can be summed beforehand.
  struct PooledLinear {
    op::AdaptiveAverage average;
    op::Linear linear;
    torch::Tensor weight, summed, bias;
    torch::Tensor operator()(const torch::Tensor& map) const;
  };
  struct Relu {
    bool overwrites;  ///< its input
  };
  /// An operation without weights.
  struct Weightless {
    Op op;
  };
  using Kernel = std::variant<op::Input, Convolution, ScaleShift, Weighted, PooledLinear, Relu,
                              Weightless, op::Call>;
  struct Step {
    Kernel kernel;
    std::vector<size_t> inputs;  ///< nodes
    size_t output;               ///< node
  };
  Kernel kernel_of(size_t node) const;
  std::vector<size_t> absorb(Step& step, const std::vector<std::optional<size_t>>& users) const;
  void refresh(Convolution& convolution);
  void refresh(ScaleShift& step);
  void refresh(Weighted& step);
  void refresh(PooledLinear& step);
  torch::Tensor run(const torch::Tensor& x, size_t wanted) const;
  /// Puts the value of a step's node. x: the images.
  void compute(const Step& step, const torch::Tensor& x, Values& values) const;
  Graph evaluated();

  const GraphModule& source_;
  Taps taps_;    ///< by the nodes of graph_
  Graph graph_;  ///< the source's, in evaluation mode
  torch::ScalarType precision_;
  std::vector<Step> steps_;
  std::vector<int64_t> uses_;    ///< of each node's value
  std::vector<bool> by_images_;  ///< whether a node's value depends on the images
};

}  // namespace sau
