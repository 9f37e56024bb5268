#include "sau/grad_cam.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sau/device.h"
#include "sau/error.h"
#include "sau/net/cost.h"
#include "sau/net/operator_call.h"
#include "sau/net/taps.h"
#include "sau/precision.h"

namespace sau {
namespace {

/// Whether a node is an operation of a program by which positions look at each other.
bool mixes_positions(const Op& op) {
  const auto* call = std::get_if<op::Call>(&op);
  const auto* operation =
      call == nullptr ? nullptr : dynamic_cast<const OperatorCall*>(call->callee.get());
  if (operation == nullptr) return false;
  const auto& name = operation->schema().name();
  return name.find("attention") != std::string::npos || name.find("softmax") != std::string::npos;
}

/// The last node of a kind.
template <typename Kind>
std::optional<size_t> last_of(const Graph& graph) {
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    if (std::holds_alternative<Kind>(graph.nodes[i].op)) return i;
  }
  return std::nullopt;
}

/// attention: the last one.
std::optional<CamSite> token_site(const Graph& graph, size_t attention, int64_t height,
                                  int64_t width) {
  const auto shapes = shapes_of(graph, height, width);
  const size_t norm = graph.nodes[graph.nodes[attention].inputs[0]].inputs[0];
  const auto tokens = last_of<op::Tokens>(graph);
  if (!tokens || !std::holds_alternative<op::LayerNorm>(graph.nodes[norm].op)) return std::nullopt;
  const auto& map = shapes[graph.nodes[*tokens].inputs[0]];
  const CamSite site{.node = norm, .height = map[1], .width = map[2], .has_tokens = true};
  const bool fits = shapes[norm][0] == 1 + site.height * site.width;
  return fits ? std::optional(site) : std::nullopt;
}

/// The scores' map for a batch. value: of the site's node; scores: [n].
torch::Tensor cam_of(const CamSite& site, const torch::Tensor& value, const torch::Tensor& scores) {
  const auto gradient = torch::autograd::grad({scores.sum()}, {value})[0].to(torch::kFloat32);
  const torch::NoGradGuard no_grad;
  const auto as_map = [&](const torch::Tensor& t) {
    if (!site.has_tokens) return t.to(torch::kFloat32);
    return t.to(torch::kFloat32)
        .slice(1, 1)  // without the class token
        .transpose(1, 2)
        .reshape({t.size(0), t.size(2), site.height, site.width});
  };
  const auto weights = as_map(gradient).mean({2, 3}, true);
  return (weights * as_map(value)).sum(1).relu();
}

void require_classes(const torch::Tensor& classes, int64_t num_classes) {
  const int64_t least = classes.min().item<int64_t>(), most = classes.max().item<int64_t>();
  if (least >= 0 && most < num_classes) return;
  throw Error("ERR_DATASET", "Expected classes from 0 to " + std::to_string(num_classes - 1) +
                                 " but received " + std::to_string(least < 0 ? least : most));
}

}  // namespace

std::optional<CamSite> cam_site(const Graph& graph, int64_t height, int64_t width) {
  if (const auto attention = last_of<op::Attention>(graph))
    return token_site(graph, *attention, height, width);
  const auto ends = stage_ends(graph, height, width);
  if (ends.empty()) return std::nullopt;
  const auto behind = graph.nodes.begin() + static_cast<std::ptrdiff_t>(ends.back());
  const bool mixed = std::any_of(behind, graph.nodes.end(),
                                 [](const Node& node) { return mixes_positions(node.op); });
  if (mixed) return std::nullopt;
  const auto shape = shapes_of(graph, height, width)[ends.back()];
  return CamSite{.node = ends.back(), .height = shape[1], .width = shape[2], .has_tokens = false};
}

torch::Tensor grad_cam(const Workspace& workspace, const CamOptions& options,
                       const RunControl& control) {
  const auto& set = workspace.images(options.images);
  const auto& graph = workspace.model(options.model).model().graph();
  const auto site = cam_site(graph, set.images.size(2), set.images.size(3));
  if (!site) return {};
  require_classes(options.classes, workspace.options().num_classes);
  const MeasuringGuard measuring(workspace.options());
  torch::Tensor value;
  const auto dtype = measuring_dtype(workspace.options());
  const Taps taps{.nodes = {site->node},
                  .take = [&](size_t, const torch::Tensor& taken) { value = taken; }};
  const auto model = workspace.frozen(options.model, dtype, taps);
  const int64_t step = workspace.images_per_piece(options.images, dtype);
  const auto indices = options.indices.to(workspace.device()).split(step);
  const auto classes = options.classes.to(workspace.device()).split(step);
  std::vector<torch::Tensor> maps;
  for (size_t i = 0; i < indices.size(); ++i) {
    control.throw_if_cancelled();
    const auto pixels = set.pixels(indices[i]).requires_grad_();
    const auto scores = model.logits(pixels).gather(1, classes[i].unsqueeze(1));
    maps.push_back(cam_of(*site, value, scores));
  }
  return to_host(torch::cat(maps));
}

}  // namespace sau
