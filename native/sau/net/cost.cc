#include "sau/net/cost.h"

#include <algorithm>
#include <string>

#include "sau/error.h"

namespace sau {
namespace {

using ValueShape = std::vector<int64_t>;

int64_t convolved(const op::Conv2d& conv, int64_t size) {
  const int64_t covered = size + 2 * conv.padding - conv.kernel;
  if (covered < 0) {
    throw Error("ERR_CONFIG", "Expected larger images: a layer with a kernel of " +
                                  std::to_string(conv.kernel) + " gets " + std::to_string(size) +
                                  " pixels");
  }
  return covered / conv.stride + 1;
}

ValueShape shape_after(const Op& op, const std::vector<ValueShape>& inputs,
                       const ValueShape& image) {
  return std::visit(Overloaded{[&](const op::Input&) { return image; },
                               [&](const op::Conv2d& conv) {
                                 return ValueShape{conv.out, convolved(conv, inputs[0][1]),
                                                   convolved(conv, inputs[0][2])};
                               },
                               [&](const op::Add&) {
                                 TORCH_CHECK(inputs[0] == inputs[1],
                                             "expected the sum of two alike, got ", inputs[0],
                                             " and ", inputs[1]);
                                 return inputs[0];
                               },
                               [&](const op::GlobalAverage&) { return ValueShape{inputs[0][0]}; },
                               [&](const op::Linear& linear) { return ValueShape{linear.out}; },
                               [&](const auto&) { return inputs[0]; }},
                    op);
}

int64_t macs_of(const Op& op, const ValueShape& out) {
  return std::visit(Overloaded{[&](const op::Conv2d& conv) {
                                 return c10::multiply_integers(out) * (conv.in / conv.groups) *
                                        conv.kernel * conv.kernel;
                               },
                               [](const op::Linear& linear) { return linear.in * linear.out; },
                               [](const auto&) { return int64_t{0}; }},
                    op);
}

}  // namespace

std::vector<ValueShape> shapes_of(const Graph& graph, int64_t height, int64_t width) {
  std::vector<ValueShape> shapes;
  for (const auto& node : graph.nodes) {
    std::vector<ValueShape> inputs;
    for (const size_t input : node.inputs) inputs.push_back(shapes[input]);
    shapes.push_back(shape_after(node.op, inputs, {3, height, width}));
  }
  return shapes;
}

Cost cost_of(const Graph& graph, int64_t height, int64_t width) {
  const auto shapes = shapes_of(graph, height, width);
  const auto elements = [&](size_t node) { return c10::multiply_integers(shapes[node]); };
  auto uses = uses_of(graph);
  Cost cost{0, 0};
  int64_t alive = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    cost.macs += macs_of(graph.nodes[i].op, shapes[i]);
    alive += elements(i);
    cost.peak_elements = std::max(cost.peak_elements, alive);
    for (const size_t input : graph.nodes[i].inputs) {
      if (--uses[input] == 0) alive -= elements(input);
    }
  }
  return cost;
}

int64_t images_within_memory(const Graph& graph, int64_t height, int64_t width,
                             torch::ScalarType dtype) {
  constexpr int64_t kBytes = int64_t{1} << 30;
  const auto bytes =
      cost_of(graph, height, width).peak_elements * static_cast<int64_t>(c10::elementSize(dtype));
  return std::max<int64_t>(1, kBytes / bytes);
}

}  // namespace sau
