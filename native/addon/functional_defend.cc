#include "addon/functional_defend.h"

#include <vector>

#include "addon/error.h"
#include "addon/fields.h"
#include "addon/functional_net.h"
#include "addon/progress.h"
#include "addon/tensors.h"
#include "sau/jobs/defend.h"

namespace sau::addon {
namespace {

/// Pixels float32 [N,3,H,W] as an image set has them: as gray levels, in float64 so that they keep
/// their fractions.
ImageSet image_set_of(const Napi::Object& o) {
  const int64_t count = integer_field(o, "count");
  const auto pixels = float_tensor(
      field(o, "images"), {count, 3, integer_field(o, "height"), integer_field(o, "width")});
  const auto labels = int32_tensor(field(o, "labels"), {count}).to(torch::kInt64);
  return {pixels.to(torch::kFloat64) * 255, labels, labels};
}

/// Options of a session that computes such a network on the CPU.
WorkspaceOptions workspace_options(const Napi::Object& o) {
  return {.device = "cpu",
          .seed = static_cast<uint64_t>(integer_field(o, "seed")),
          .threads = 1,
          .model = "",
          .num_classes = 0,
          .mean = numbers_field(o, "mean"),
          .std = numbers_field(o, "std"),
          .precision = Precision::kFp32,
          .eval_precision = Precision::kFp32,
          .deterministic = false,
          .tuning = {.execution = Execution::kAuto, .chunk = 0, .cache_mib = 512}};
}

}  // namespace

std::unique_ptr<Workspace> workspace_of(const Napi::Object& o) {
  auto workspace = std::make_unique<Workspace>(workspace_options(o), network_of(o));
  workspace->prepare();
  workspace->load(named_tensors(field(o, "tensors")));
  if (o.Has("reference"))
    workspace->load(named_tensors(field(o, "reference")), ModelRole::kReference);
  const auto sets = object_of(field(o, "sets"), "the image sets");
  for (const auto& [name, role] : Names<ImageRole>::kAll) {
    if (sets.Has(name))
      workspace->replace_images(role, image_set_of(object_of(sets.Get(name), name)));
  }
  return workspace;
}

Napi::Value defend_network(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    const auto workspace = workspace_of(o);
    const auto options = read<sau::jobs::DefendOptions>(field(o, "defend"), "the options");
    std::vector<Progress> told;
    const std::atomic<bool> cancelled = false;
    const RunControl control{cancelled, [&](const Progress& event) { told.push_back(event); }};
    sau::jobs::defend(*workspace, options, {}, control);
    auto events = Napi::Array::New(info.Env(), told.size());
    for (uint32_t i = 0; i < told.size(); ++i) events[i] = to_js(info.Env(), told[i]);
    auto result = Napi::Object::New(info.Env());
    result.Set("events", events);
    result.Set("tensors", to_js(info.Env(), workspace->export_state(ModelRole::kTrainee), true));
    return result;
  });
}

}  // namespace sau::addon
