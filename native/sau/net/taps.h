#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sau/net/graph.h"

namespace sau {

/// Nodes whose values a pass hands out beside the logits.
struct Taps {
  std::vector<size_t> nodes;  ///< of the graph of the module
  /// Takes the value of nodes[k] as soon as the pass has it. It may be kept: nobody overwrites it.
  std::function<void(size_t k, const torch::Tensor& value)> take;

  /// The position of a node among those of the taps.
  std::optional<size_t> find(size_t node) const;
};

/// A norm of a network, which scales each channel by a weight and shifts it by a bias.
struct NormSite {
  size_t node;
  size_t input;         ///< the node whose value it takes
  size_t weight, bias;  ///< positions in Graph::weights
  int64_t channels;
  std::string key;             ///< of the layer, such as layer1.0.bn1
  const op::BatchNorm* batch;  ///< null for a layer norm
};

/// The norms of a graph, which outlives them, in the order of the state dict. One that is used
/// several times is there once, with its first use.
std::vector<NormSite> norms_of(const Graph& graph);
/// Those of them that are batch norms.
std::vector<NormSite> batch_norms_of(const Graph& graph);

/// The first of the linear layers that the logits come from, which nothing but activations and
/// dropout is between: what it takes are the features of an image. None of a program that ends
/// otherwise.
std::optional<size_t> feature_layer(const Graph& graph);

/// The ends of the stages of a network at images of a size, from the first stage to the last: for
/// each size of maps above one pixel the last value that all paths to the logits go through. What
/// the next stage does first to a sum, its norm and activation, belongs to that stage. A size at
/// which there are no convolutions, only pools, is no stage.
std::vector<size_t> stage_ends(const Graph& graph, int64_t height, int64_t width);

/// A value within a network that all paths from the images to the logits go through.
struct InnerPlace {
  size_t node;
  int64_t channels_at;  ///< the dimension of the value [N,...] that has the channels
  int64_t quarters;     ///< how many quarters of the work are done there: 2, 3 or 4
};

/// The first of them behind the half, three quarters and all of a network's multiply-accumulates
/// at images of a size, the last layer's not counted. Fewer where two of them are one; none where a
/// program has sizes of its input until the end.
std::vector<InnerPlace> inner_places(const Graph& graph, int64_t height, int64_t width);

/// Which nodes' values depend on the images.
std::vector<bool> nodes_by_images(const Graph& graph);

}  // namespace sau
