#include "sau/scan/single_searches.h"

#include <atomic>

#include "sau/jobs/scan.h"

namespace sau {
namespace {

const std::atomic<bool> kNeverCancelled = false;

RunControl silent_control() {
  return {kNeverCancelled, [](const Progress&) {}};
}

}  // namespace

MarginSearch margin_search(const Workspace& workspace, int64_t label, const torch::Tensor& starts,
                           const MarginOptions& options) {
  const auto control = silent_control();
  const auto model = workspace.frozen(ModelRole::kTrainee, torch::kFloat32);
  const auto scene = jobs::scan_scene(workspace, model, starts.size(0), control);
  return maximize_margins(scene, {label}, {starts}, options, [](int64_t) {}).front();
}

UniversalSearch universal_search(const Workspace& workspace, int64_t target,
                                 const UniversalOptions& options) {
  const auto control = silent_control();
  const auto& images = workspace.images(ImageRole::kCleanSubset);
  const auto model = workspace.frozen(ModelRole::kTrainee, torch::kFloat32);
  const auto scene = jobs::scan_scene(workspace, model, images.size(), control);
  const auto all = torch::arange(images.size(), images.labels.options());
  const auto positions = other_classes(images, all, target);
  const auto found = universal_perturbation(scene, images, positions, target, options);
  return {found, at_perturbation(scene, images, positions, target, found.delta)};
}

}  // namespace sau
