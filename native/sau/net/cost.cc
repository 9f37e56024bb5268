#include "sau/net/cost.h"

#include <algorithm>
#include <string>

#include "sau/error.h"

namespace sau {
namespace {

using ValueShape = std::vector<int64_t>;

[[noreturn]] void refuse_size(int64_t window, int64_t size) {
  throw Error("ERR_CONFIG", "Expected larger images: a layer with a window of " +
                                std::to_string(window) + " gets " + std::to_string(size) +
                                " pixels");
}

/// Places of a window along a side.
int64_t places(int64_t size, int64_t window, int64_t stride, int64_t padding, bool ceil = false) {
  const int64_t covered = size + 2 * padding - window;
  if (covered < 0) refuse_size(window, size);
  int64_t count = (covered + (ceil ? stride - 1 : 0)) / stride + 1;
  if (ceil && (count - 1) * stride >= size + padding) --count;  // it would begin beyond the edge
  return count;
}

ValueShape concatenated(const std::vector<ValueShape>& inputs) {
  auto shape = inputs[0];
  for (size_t k = 1; k < inputs.size(); ++k) {
    TORCH_CHECK(inputs[k][1] == shape[1] && inputs[k][2] == shape[2],
                "expected maps of one size, got ", inputs[k], " beside ", shape);
    shape[0] += inputs[k][0];
  }
  return shape;
}

ValueShape with_last(ValueShape shape, int64_t channels) {
  shape.back() = channels;
  return shape;
}

/// Shapes are those of one image: [C,H,W], or [...,C] where the channels come last.
ValueShape shape_after(const Op& op, const std::vector<ValueShape>& in, const ValueShape& image) {
  return std::visit(
      Overloaded{
          [&](const op::Input&) { return image; },
          [&](const op::Conv2d& conv) {
            const auto side = [&](int64_t size) {
              return places(size, conv.kernel, conv.stride, conv.padding);
            };
            return ValueShape{conv.out, side(in[0][1]), side(in[0][2])};
          },
          [&](const op::Pool& pool) {
            const auto side = [&](int64_t size) {
              return places(size, pool.kernel, pool.stride, pool.padding, pool.ceil);
            };
            return ValueShape{in[0][0], side(in[0][1]), side(in[0][2])};
          },
          [&](const op::Add&) {
            TORCH_CHECK(in[0] == in[1], "expected the sum of two alike, got ", in[0], " and ",
                        in[1]);
            return in[0];
          },
          [&](const op::Concat&) { return concatenated(in); },
          [&](const op::Channels& some) { return ValueShape{some.count, in[0][1], in[0][2]}; },
          [&](const op::AdaptiveAverage& average) {
            return ValueShape{in[0][0], average.size, average.size};
          },
          [&](const op::Resize& resize) { return ValueShape{in[0][0], resize.size, resize.size}; },
          [&](const op::GlobalAverage&) { return ValueShape{in[0][0]}; },
          [&](const op::Flatten&) { return ValueShape{c10::multiply_integers(in[0])}; },
          [&](const op::ChannelsToLast&) { return ValueShape{in[0][1], in[0][2], in[0][0]}; },
          [&](const op::ChannelsToFront&) { return ValueShape{in[0][2], in[0][0], in[0][1]}; },
          [&](const op::Tokens&) { return ValueShape{in[0][1] * in[0][2], in[0][0]}; },
          [&](const op::FirstToken&) { return ValueShape{in[0][1]}; },
          [&](const op::PrependToken&) { return ValueShape{in[0][0] + 1, in[0][1]}; },
          [&](const op::AddPositions& positions) {
            TORCH_CHECK(in[0][0] == positions.tokens, "expected ", positions.tokens,
                        " tokens, got ", in[0][0]);
            return in[0];
          },
          [&](const op::Call& call) { return call.shape; },
          [&](const op::WeightValue& value) { return value.shape; },
          [&](const op::Attention&) { return with_last(in[0], in[0].back() / 3); },
          [&](const op::Linear& linear) {
            TORCH_CHECK(in[0].back() == linear.in, "expected ", linear.in, " channels, got ",
                        in[0].back());
            return with_last(in[0], linear.out);
          },
          [&](const auto&) { return in[0]; }},
      op);
}

int64_t macs_of(const Op& op, const ValueShape& out) {
  const int64_t elements = c10::multiply_integers(out);
  return std::visit(Overloaded{[&](const op::Conv2d& conv) {
                                 return elements * (conv.in / conv.groups) * conv.kernel *
                                        conv.kernel;
                               },
                               [&](const op::Linear& linear) { return linear.in * elements; },
                               // Each token of each head meets each other, twice.
                               [&](const op::Attention&) { return 2 * out[0] * elements; },
                               [](const auto&) { return int64_t{0}; }},
                    op);
}

/// How many times a number of elements fits into memory; at least once.
int64_t times_within(int64_t bytes, int64_t elements, torch::ScalarType dtype) {
  return std::max<int64_t>(1, bytes / (elements * static_cast<int64_t>(c10::elementSize(dtype))));
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

bool norms_single_pixels(const Graph& graph, int64_t height, int64_t width) {
  const auto shapes = shapes_of(graph, height, width);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (std::holds_alternative<op::BatchNorm>(graph.nodes[i].op) &&
        shapes[i][1] * shapes[i][2] == 1)
      return true;
  }
  return false;
}

std::vector<int64_t> macs_by_node(const Graph& graph, int64_t height, int64_t width) {
  const auto shapes = shapes_of(graph, height, width);
  std::vector<int64_t> macs;
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    macs.push_back(macs_of(graph.nodes[i].op, shapes[i]));
  return macs;
}

Cost cost_of(const Graph& graph, int64_t height, int64_t width) {
  const auto shapes = shapes_of(graph, height, width);
  const auto elements = [&](size_t node) { return c10::multiply_integers(shapes[node]); };
  auto uses = uses_of(graph);
  Cost cost{0, 0, 0};
  int64_t alive = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    cost.macs += macs_of(graph.nodes[i].op, shapes[i]);
    alive += elements(i);
    cost.all_elements += elements(i);
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
  return times_within(kBytes, cost_of(graph, height, width).peak_elements, dtype);
}

int64_t images_with_gradients(const Graph& graph, int64_t height, int64_t width,
                              torch::ScalarType dtype) {
  constexpr int64_t kBytes = int64_t{1} << 29;
  return times_within(kBytes, cost_of(graph, height, width).all_elements, dtype);
}

}  // namespace sau
