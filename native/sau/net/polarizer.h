#pragma once
#include <optional>
#include <string>

#include "sau/net/graph.h"

namespace sau {

/// A polarizer: a 1x1 convolution that starts as the identity, and a batch norm, before a
/// convolution of a network (models E7). Its keys, and those of the convolution then, are what
/// PyTorch has for the three in a row: "<key>.0", "<key>.1" and "<key>.2".
struct Polarizer {
  size_t convolution, norm;  ///< nodes
  std::string key;           ///< of the place, such as layer4.1.conv1

  /// Whether a weight of the network is the polarizer's own.
  bool owns(const std::string& weight) const {
    return weight.starts_with(key + ".0.") || weight.starts_with(key + ".1.");
  }
};

/// The polarizer of a network; none where it has none.
std::optional<Polarizer> find_polarizer(const Graph& graph);

/// The key of the convolution that a polarizer stands before where nothing else is said: the first
/// one of the last block, which is what comes behind the last value that all paths from the images
/// to the logits go through. None where that is the first convolution of the network, which sees
/// the images.
std::optional<std::string> polarizer_place(const Graph& graph);

/// The network with a fresh polarizer in that place. Throws ERR_CONFIG where there is no such place
/// or a polarizer already.
Graph polarized(const Graph& graph);

/// The network without its polarizer, which it has.
Graph without_polarizer(const Graph& graph);

}  // namespace sau
