#include "sau/net/polarizer.h"

#include <algorithm>

#include "sau/error.h"
#include "sau/net/graph_builder.h"

namespace sau {
namespace {

constexpr size_t kOwnNodes = 2;     // of a polarizer
constexpr size_t kHeadWeights = 2;  // of a linear layer

/// The key of a layer from that of its weight.
std::string layer_of(const Graph& graph, size_t weight) {
  const auto& key = graph.weights[weight].key;
  return key.substr(0, key.rfind('.'));
}

const op::Conv2d* convolution_at(const Graph& graph, size_t node) {
  return std::get_if<op::Conv2d>(&graph.nodes[node].op);
}

/// The first convolution of the last block; none where it is the network's first.
std::optional<size_t> place_of(const Graph& graph) {
  std::vector<size_t> last_users(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const size_t input : graph.nodes[i].inputs) last_users[input] = i;
  }
  std::optional<size_t> place;
  size_t reach = 0;       // the last user of what came before
  bool is_whole = false;  // all paths went through one value since the last convolution
  int64_t convolutions = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (convolution_at(graph, i) != nullptr) {
      if (is_whole) place = convolutions > 0 ? std::optional(i) : std::nullopt;
      is_whole = false;
      ++convolutions;
    }
    if (reach <= i) is_whole = true;
    reach = std::max(reach, last_users[i]);
  }
  return place;
}

/// Moves the weights of an operation from a position on, back where `by` is below 0.
void move_weights(Op& op, size_t from, int64_t by) {
  const auto move = [&](size_t& position) {
    if (position >= from) position = static_cast<size_t>(static_cast<int64_t>(position) + by);
  };
  std::visit(
      [&]<class Some>(Some& some) {
        if constexpr (requires { some.weight; }) move(some.weight);
        if constexpr (std::is_same_v<Some, op::Conv2d>) {
          if (some.bias) move(*some.bias);
        } else if constexpr (requires { some.bias; }) {
          move(some.bias);
        }
        if constexpr (requires { some.variance; }) {
          move(some.mean);
          move(some.variance);
          move(some.count);
        }
      },
      op);
}

/// The weights and, behind the input, the two nodes of a polarizer, as the first of a network.
Graph layers_of(const std::string& place, int64_t channels) {
  GraphBuilder net;
  const auto mix =
      net.conv(place + ".0",
               {.in = channels, .out = channels, .kernel = 1, .init = Init{Init::Kind::kIdentity}});
  const auto norm = net.batch_norm(place + ".1", channels);
  const Value any{Value::Form::kMap, 0, channels};
  return net.finish(net.linear("head", channels, 1), net.global_average(norm(mix(any))));
}

}  // namespace

std::optional<Polarizer> find_polarizer(const Graph& graph) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto* outer = convolution_at(graph, i);
    if (outer == nullptr) continue;
    const size_t norm = graph.nodes[i].inputs[0];
    const auto* own = std::get_if<op::BatchNorm>(&graph.nodes[norm].op);
    if (own == nullptr) continue;
    const size_t inner = graph.nodes[norm].inputs[0];
    const auto* mix = convolution_at(graph, inner);
    if (mix == nullptr || mix->kernel != 1 || mix->in != mix->out || mix->bias) continue;
    const auto last = layer_of(graph, outer->weight);
    if (!last.ends_with(".2")) continue;
    const auto key = last.substr(0, last.size() - 2);
    if (layer_of(graph, mix->weight) == key + ".0" && layer_of(graph, own->weight) == key + ".1")
      return Polarizer{inner, norm, key};
  }
  return std::nullopt;
}

std::optional<std::string> polarizer_place(const Graph& graph) {
  const auto place = place_of(graph);
  if (!place) return std::nullopt;
  return layer_of(graph, convolution_at(graph, *place)->weight);
}

Graph polarized(const Graph& graph) {
  if (find_polarizer(graph))
    throw Error("ERR_CONFIG",
                "Expected a network without a polarizer but received one that has it already. Use "
                "the model as it was before, or another method");
  const auto found = place_of(graph);
  if (!found)
    throw Error("ERR_CONFIG",
                "Expected a network with a convolution behind its first one, which a polarizer "
                "could stand before, but received one without. Use another method for it");
  const size_t place = *found;
  const auto& outer = *convolution_at(graph, place);
  const auto key = layer_of(graph, outer.weight);
  const auto layers = layers_of(key, outer.in);
  const size_t count = layers.weights.size() - kHeadWeights;

  Graph result;
  for (size_t i = 0; i < graph.weights.size(); ++i) {
    if (i == outer.weight)
      result.weights.insert(result.weights.end(), layers.weights.begin(),
                            layers.weights.begin() + static_cast<int64_t>(count));
    auto weight = graph.weights[i];
    if (i == outer.weight || i == outer.bias)
      weight.key = key + ".2" + weight.key.substr(key.size());
    result.weights.push_back(std::move(weight));
  }
  const auto after = [&](size_t node) { return node < place ? node : node + kOwnNodes; };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    auto node = graph.nodes[i];
    move_weights(node.op, outer.weight, static_cast<int64_t>(count));
    for (auto& input : node.inputs) input = after(input);
    if (i == place) {
      for (size_t own = 0; own < kOwnNodes; ++own) {
        auto op = layers.nodes[own + 1].op;
        move_weights(op, 0, static_cast<int64_t>(outer.weight));
        result.nodes.push_back({std::move(op), {own == 0 ? node.inputs[0] : place}});
      }
      node.inputs = {place + 1};
    }
    result.nodes.push_back(std::move(node));
  }
  return result;
}

Graph without_polarizer(const Graph& graph) {
  const auto polarizer = *find_polarizer(graph);
  const auto mix = std::get<op::Conv2d>(graph.nodes[polarizer.convolution].op).weight;
  const auto inner = polarizer.key + ".2.";
  Graph result;
  for (const auto& weight : graph.weights) {
    if (polarizer.owns(weight.key)) continue;
    result.weights.push_back(weight);
    if (weight.key.starts_with(inner))
      result.weights.back().key = polarizer.key + weight.key.substr(inner.size() - 1);
  }
  const auto count = static_cast<int64_t>(graph.weights.size() - result.weights.size());
  const auto value = graph.nodes[polarizer.convolution].inputs[0];
  const auto before = [&](size_t node) {
    if (node == polarizer.norm) return value;
    return node < polarizer.convolution ? node : node - kOwnNodes;
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (i == polarizer.convolution || i == polarizer.norm) continue;
    auto node = graph.nodes[i];
    move_weights(node.op, mix, -count);
    for (auto& input : node.inputs) input = before(input);
    result.nodes.push_back(std::move(node));
  }
  return result;
}

}  // namespace sau
