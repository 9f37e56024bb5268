#include "sau/net/graph.h"

namespace sau {

std::vector<int64_t> uses_of(const Graph& graph) {
  std::vector<int64_t> uses(graph.nodes.size());
  for (const auto& node : graph.nodes) {
    for (const size_t input : node.inputs) ++uses[input];
  }
  ++uses.back();
  return uses;
}

bool may_overwrite_input(const Graph& graph, const std::vector<int64_t>& uses, size_t node) {
  const auto& inputs = graph.nodes[node].inputs;
  if (inputs.empty() || uses[inputs[0]] != 1) return false;
  const auto& made_by = graph.nodes[inputs[0]].op;
  return std::holds_alternative<op::Conv2d>(made_by) ||
         std::holds_alternative<op::BatchNorm>(made_by) ||
         std::holds_alternative<op::Add>(made_by) || std::holds_alternative<op::Linear>(made_by);
}

}  // namespace sau
