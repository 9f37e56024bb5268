#pragma once
#include <string>
#include <vector>

#include "sau/net/graph.h"

namespace sau {

/// Which network of an architecture.
struct ModelSpec {
  int64_t num_classes;
  int64_t width;  ///< base channels
};

/// A kind of network, known by its name.
struct Architecture {
  const char* name;
  int64_t input_size;  ///< side in pixels of the images that it was made for
  int64_t width;       ///< base channels; "<name>_w<width>" is a network with another number
  Graph (*build)(const ModelSpec& spec);
};

/// All of them.
const std::vector<Architecture>& architectures();

/// The network of a name such as "preactresnet18" or "preactresnet18_w16", each of which may have
/// "_polarized" behind it (models E7), and what it is one of. Allocates no weights. Throws
/// ERR_CONFIG for an unknown name.
struct DescribedModel {
  const Architecture& architecture;
  Graph graph;
};
DescribedModel describe_model(const std::string& name, int64_t num_classes);

}  // namespace sau
