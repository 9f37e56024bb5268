#include "sau/net/taps.h"

#include <algorithm>
#include <numeric>

#include "sau/net/cost.h"

namespace sau {
namespace {

NormSite norm_site(const Graph& graph, size_t node, const op::BatchNorm* batch, size_t weight,
                   size_t bias, int64_t channels) {
  const auto& key = graph.weights[weight].key;
  return {.node = node,
          .input = graph.nodes[node].inputs[0],
          .weight = weight,
          .bias = bias,
          .channels = channels,
          .key = key.substr(0, key.rfind('.')),
          .batch = batch};
}

/// The last node that takes each node's value.
std::vector<size_t> last_users(const Graph& graph) {
  std::vector<size_t> users(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const size_t input : graph.nodes[i].inputs) users[input] = i;
  }
  return users;
}

/// Which values are maps [C,H,W], and not channels last.
std::vector<bool> maps_of(const Graph& graph) {
  std::vector<bool> maps(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& [op, inputs] = graph.nodes[i];
    if (std::holds_alternative<op::ChannelsToLast>(op))
      maps[i] = false;
    else if (inputs.empty() || std::holds_alternative<op::ChannelsToFront>(op))
      maps[i] = true;
    else
      maps[i] = maps[inputs[0]];
  }
  return maps;
}

constexpr int64_t kFirstQuarters = 2;  // of the work, behind which the first inner place is

bool is_activation(const Op& op) {
  return std::holds_alternative<op::Relu>(op) || std::holds_alternative<op::Activate>(op);
}

/// Where a norm and an activation stand behind a sum, the sum; else the node itself.
size_t before_next_stage(const Graph& graph, size_t node) {
  if (!is_activation(graph.nodes[node].op)) return node;
  const size_t norm = graph.nodes[node].inputs[0];
  if (!std::holds_alternative<op::BatchNorm>(graph.nodes[norm].op)) return node;
  const size_t sum = graph.nodes[norm].inputs[0];
  return std::holds_alternative<op::Add>(graph.nodes[sum].op) ? sum : node;
}

}  // namespace

std::optional<size_t> Taps::find(size_t node) const {
  const auto found = std::find(nodes.begin(), nodes.end(), node);
  if (found == nodes.end()) return std::nullopt;
  return static_cast<size_t>(found - nodes.begin());
}

std::vector<NormSite> norms_of(const Graph& graph) {
  std::vector<NormSite> norms;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& op = graph.nodes[i].op;
    if (const auto* norm = std::get_if<op::BatchNorm>(&op))
      norms.push_back(norm_site(graph, i, norm, norm->weight, norm->bias, norm->channels));
    if (const auto* norm = std::get_if<op::LayerNorm>(&op))
      norms.push_back(norm_site(graph, i, nullptr, norm->weight, norm->bias, norm->channels));
  }
  std::stable_sort(norms.begin(), norms.end(),
                   [](const NormSite& a, const NormSite& b) { return a.weight < b.weight; });
  const auto repeated =
      std::unique(norms.begin(), norms.end(),
                  [](const NormSite& a, const NormSite& b) { return a.weight == b.weight; });
  norms.erase(repeated, norms.end());
  return norms;
}

std::vector<NormSite> batch_norms_of(const Graph& graph) {
  auto norms = norms_of(graph);
  std::erase_if(norms, [](const NormSite& norm) { return norm.batch == nullptr; });
  return norms;
}

std::optional<size_t> feature_layer(const Graph& graph) {
  std::optional<size_t> first;
  for (size_t node = graph.nodes.size() - 1;; node = graph.nodes[node].inputs[0]) {
    const auto& op = graph.nodes[node].op;
    const bool is_linear = std::holds_alternative<op::Linear>(op);
    if (is_linear) first = node;
    const bool is_between = is_activation(op) || std::holds_alternative<op::Dropout>(op) ||
                            std::holds_alternative<op::Widen>(op);
    if (!is_linear && !is_between) return first;
  }
}

std::vector<size_t> stage_ends(const Graph& graph, int64_t height, int64_t width) {
  const auto shapes = shapes_of(graph, height, width);
  const auto users = last_users(graph);
  const auto maps = maps_of(graph);
  struct Stage {
    std::vector<int64_t> size;  ///< [H,W]
    size_t end;
    bool learns;
  };
  std::vector<Stage> stages;
  size_t reach = 0;     // the last user of what came before
  bool learns = false;  // whether there were kernels since the last end
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    learns = learns || std::holds_alternative<op::Conv2d>(graph.nodes[i].op);
    reach = std::max(reach, users[i - 1]);
    const bool is_map = maps[i] && shapes[i].size() == 3 && shapes[i][1] > 1;
    if (reach > i || !is_map) continue;
    const std::vector<int64_t> size(shapes[i].begin() + 1, shapes[i].end());
    if (stages.empty() || size != stages.back().size) stages.push_back({size, i, false});
    auto& stage = stages.back();
    stage.end = i;
    stage.learns = stage.learns || learns;
    learns = false;
  }
  std::vector<size_t> ends;
  for (const auto& stage : stages) {
    if (stage.learns) ends.push_back(before_next_stage(graph, stage.end));
  }
  return ends;
}

std::vector<bool> nodes_by_images(const Graph& graph) {
  std::vector<bool> depends(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& [op, inputs] = graph.nodes[i];
    depends[i] = std::holds_alternative<op::Input>(op) ||
                 std::any_of(inputs.begin(), inputs.end(), [&](size_t k) { return depends[k]; });
  }
  return depends;
}

std::vector<InnerPlace> inner_places(const Graph& graph, int64_t height, int64_t width) {
  const auto macs = macs_by_node(graph, height, width);
  const auto last = std::find_if(macs.rbegin(), macs.rend(), [](int64_t n) { return n > 0; });
  const int64_t all =
      std::accumulate(macs.begin(), macs.end(), int64_t{0}) - (last == macs.rend() ? 0 : *last);
  if (all == 0) return {};
  const auto end = static_cast<size_t>(macs.rend() - last) - 1;  // the last layer
  const auto shapes = shapes_of(graph, height, width);
  const auto users = last_users(graph);
  const auto depends = nodes_by_images(graph);
  const auto maps = maps_of(graph);
  std::vector<InnerPlace> places;
  int64_t quarters = kFirstQuarters;
  int64_t done = 0;
  size_t reach = 0;  // the last user of what came before
  for (size_t i = 0; i < end && quarters <= 4; ++i) {
    done += macs[i];
    const bool is_only = depends[i] && reach <= i;
    if (depends[i]) reach = std::max(reach, users[i]);
    if (!is_only || 4 * done < quarters * all) continue;
    const auto dimensions = static_cast<int64_t>(shapes[i].size());
    while (4 * done >= quarters * all) ++quarters;
    places.push_back({i, maps[i] && dimensions == 3 ? 1 : dimensions, quarters - 1});
  }
  return places;
}

}  // namespace sau
