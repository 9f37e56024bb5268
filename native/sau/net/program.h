#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sau/net/graph.h"
#include "sau/torch.h"

namespace sau {

/// What a node of a program is given.
struct ProgramArgument {
  struct None {};
  struct Value {
    std::string name;
  };
  struct Layout {};  ///< dense, the only one
  struct Device {};  ///< that of the pass
  std::variant<None, Value, int64_t, double, bool, std::string, torch::ScalarType, at::MemoryFormat,
               Layout, Device, std::vector<ProgramArgument>>
      is;
};

/// A weight of a program; a tensor may be several values.
struct ProgramWeight {
  std::string key;
  std::vector<std::string> values;
  std::vector<int64_t> shape;
  torch::ScalarType dtype;
  bool trains;
};

struct ProgramConstant {
  std::string value;
  torch::Tensor tensor;
};

struct ProgramNode {
  std::string op;        ///< aten::conv2d, or sym::mul for arithmetic on sizes
  std::string overload;  ///< empty for the default one
  std::vector<std::pair<std::string, ProgramArgument>> arguments;
  std::vector<std::string> outputs;
  bool gives_list;  ///< its one result is a list, whose elements are the outputs
};

/// An image classifier as torch.export writes it. Names are of values, each defined once.
struct Program {
  std::vector<ProgramWeight> weights;  ///< in the order of a state dict
  std::vector<ProgramConstant> constants;
  std::vector<ProgramNode> nodes;
  std::string input, output;
  int64_t height, width;
  int64_t num_classes;
};

/// The graph of a program. Runs it on two small batches under a limit of memory, which tells the
/// shapes of its values. Nodes that are convolutions, norms, activations and the like become these;
/// every other one a call of its operator. Throws ERR_PROGRAM for an operator that is not allowed
/// and for a program that does not run.
Graph graph_of(const Program& program);

}  // namespace sau
