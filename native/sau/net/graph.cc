#include "sau/net/graph.h"

namespace sau {
namespace {

bool rests_in_evaluation(const Op& op) {
  return std::holds_alternative<op::Dropout>(op) || std::holds_alternative<op::StochasticDepth>(op);
}

/// True where a node's own backward pass does not need what the node gave.
bool may_lose_its_value(const Op& op) {
  return std::holds_alternative<op::Conv2d>(op) || std::holds_alternative<op::BatchNorm>(op) ||
         std::holds_alternative<op::Add>(op) || std::holds_alternative<op::Linear>(op);
}

}  // namespace

Graph in_evaluation(const Graph& graph, std::vector<size_t>* positions) {
  Graph result{graph.weights, {}};
  std::vector<size_t> position;  // of each node's value in the result
  for (const auto& node : graph.nodes) {
    if (rests_in_evaluation(node.op)) {
      position.push_back(position[node.inputs[0]]);
      continue;
    }
    std::vector<size_t> inputs;
    for (const size_t input : node.inputs) inputs.push_back(position[input]);
    position.push_back(result.nodes.size());
    result.nodes.push_back({node.op, std::move(inputs)});
  }
  if (positions != nullptr) *positions = std::move(position);
  return result;
}

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
  return !inputs.empty() && uses[inputs[0]] == 1 && may_lose_its_value(graph.nodes[inputs[0]].op);
}

bool slices_for_stride(const op::Conv2d& conv) {
  constexpr int64_t kSafeChannels = 16;
  return conv.kernel == 1 && conv.stride != 1 && conv.in < kSafeChannels;
}

}  // namespace sau
