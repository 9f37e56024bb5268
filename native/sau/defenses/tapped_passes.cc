#include "sau/defenses/tapped_passes.h"

#include "sau/predict.h"

namespace sau {

void pass_taps(const Workspace& workspace, const std::vector<size_t>& nodes, const ImageSet& images,
               const RunControl& control,
               const std::function<void(size_t k, const torch::Tensor& value)>& take) {
  const auto view =
      workspace.frozen(ModelRole::kTrainee, torch::kFloat32, {.nodes = nodes, .take = take});
  for_each_logits(view, images, control, [](int64_t, int64_t, const torch::Tensor&) {});
}

void pass_norm_inputs(const Workspace& workspace, const std::vector<NormSite>& norms,
                      const ImageSet& images, const RunControl& control,
                      const std::function<void(size_t k, const torch::Tensor& value)>& take) {
  std::vector<size_t> inputs;
  for (const auto& norm : norms) inputs.push_back(norm.input);
  // Two norms may take one value.
  std::vector<size_t> nodes(inputs);
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  pass_taps(workspace, nodes, images, control, [&](size_t node, const torch::Tensor& value) {
    for (size_t k = 0; k < inputs.size(); ++k) {
      if (inputs[k] == nodes[node]) take(k, value);
    }
  });
}

}  // namespace sau
