#pragma once
#include <vector>

#include "sau/net/graph.h"

namespace sau {

/// The shape of each node's value for one image: [C,H,W], or [...,C] with the channels last. Throws
/// ERR_CONFIG where the images are too small for the network.
std::vector<std::vector<int64_t>> shapes_of(const Graph& graph, int64_t height, int64_t width);

/// True where a batch norm sees a single pixel of an image. In training mode one image alone has no
/// variance there.
bool norms_single_pixels(const Graph& graph, int64_t height, int64_t width);

/// What one image costs.
struct Cost {
  int64_t macs;           ///< multiply-accumulates of convolutions, linear layers and attention
  int64_t peak_elements;  ///< most elements of values at a time, in a pass without gradients
  int64_t all_elements;   ///< elements of all values: what a pass with gradients keeps, at most
};

/// The multiply-accumulates of each node for one image.
std::vector<int64_t> macs_by_node(const Graph& graph, int64_t height, int64_t width);

Cost cost_of(const Graph& graph, int64_t height, int64_t width);

/// Images of a pass without gradients whose values, in a dtype, take at most 1 GiB at a time; at
/// least one.
int64_t images_within_memory(const Graph& graph, int64_t height, int64_t width,
                             torch::ScalarType dtype);

/// Images of a pass with gradients whose values, in a dtype, take at most 512 MiB; at least one.
int64_t images_with_gradients(const Graph& graph, int64_t height, int64_t width,
                              torch::ScalarType dtype);

}  // namespace sau
