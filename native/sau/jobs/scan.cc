#include "sau/jobs/scan.h"

#include "sau/net/graph.h"
#include "sau/precision.h"

namespace sau::jobs {
namespace {

int64_t classes_of(const Workspace& workspace) {
  const auto* head = workspace.model(ModelRole::kTrainee).model().graph().find_head();
  return head ? head->out : workspace.options().num_classes;
}

/// Images of a pass with gradients: of the margins there are no others than their own.
int64_t chunk_of(const Workspace& workspace, const ScanStatistic& statistic,
                 torch::ScalarType dtype) {
  if (const auto* margins = std::get_if<MarginOptions>(&statistic))
    return workspace.images_per_piece(margins->height, margins->width, dtype);
  return workspace.images_per_piece(ImageRole::kCleanSubset, dtype);
}

/// Empty for a statistic that looks at the logits alone.
InnerValues inner_values(const Workspace& workspace, const ScanStatistic& statistic) {
  if (!std::holds_alternative<LatentOptions>(statistic)) return InnerValues({});
  const auto& images = workspace.images(ImageRole::kCleanSubset).images;
  const auto& graph = workspace.model(ModelRole::kTrainee).model().graph();
  return InnerValues(inner_places(graph, images.size(2), images.size(3)));
}

}  // namespace

ScanScene scan_scene(const Workspace& workspace, const FrozenPixelClassifier& model, int64_t chunk,
                     const RunControl& control) {
  return {.model = model,
          .normalizer = workspace.normalizer(),
          .device = workspace.device(),
          .classes = classes_of(workspace),
          .seed = workspace.options().seed,
          .chunk = chunk,
          .dynamic_shapes = workspace.plan().dynamic_shapes,
          .control = control};
}

ScanFindings scan(Workspace& workspace, const ScanOptions& options, const RunControl& control) {
  const auto before = workspace.passes();
  auto inner = inner_values(workspace, options.statistic);
  const auto model = workspace.frozen(ModelRole::kTrainee,
                                      outer_dtype(workspace.options().precision), inner.taps());
  const auto chunk = chunk_of(workspace, options.statistic, model.precision());
  const auto scene = scan_scene(workspace, model, chunk, control);
  const auto images = [&]() -> const ImageSet& {
    return workspace.images(ImageRole::kCleanSubset);
  };
  auto findings = std::visit(
      Overloaded{
          [&](const InversionOptions& o) { return scan_triggers(scene, images(), o); },
          [&](const MarginOptions& o) { return scan_margins(scene, o); },
          [&](const SharedLabelsOptions& o) { return scan_shared_labels(scene, images(), o); },
          [&](const UniversalOptions& o) { return scan_universal(scene, images(), o); },
          [&](const LatentOptions& o) { return scan_latent(scene, images(), inner, o); }},
      options.statistic);
  findings.passes = workspace.passes() - before;
  return findings;
}

}  // namespace sau::jobs
