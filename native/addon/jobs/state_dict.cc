// The weights of a session's models.
#include <optional>

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob layout(const Napi::CallbackInfo& info) {
  if (!info[0].IsBoolean()) refuse("whether the weights have a polarizer");
  const bool has_polarizer = info[0].As<Napi::Boolean>();
  return job(
      [=](Workspace& workspace, const RunControl&) { return workspace.layout(has_polarizer); },
      [](Napi::Env env, const auto& tensors) { return to_js(env, tensors, false); });
}

PreparedJob load_state_dict(const Napi::CallbackInfo& info) {
  const auto tensors = named_tensors(info[0]);
  const bool both = info[1].IsString() && info[1].As<Napi::String>().Utf8Value() == "both";
  const auto role = both ? std::nullopt : std::optional(enum_of<ModelRole>(info[1]));
  auto prepared =
      job([=](Workspace& workspace, const RunControl&) { workspace.load(tensors, role); });
  prepared.keep_alive = {info[0]};
  return prepared;
}

PreparedJob initialize(const Napi::CallbackInfo&) {
  return job([](Workspace& workspace, const RunControl&) { workspace.initialize(); });
}

PreparedJob export_state_dict(const Napi::CallbackInfo& info) {
  const auto role = enum_of<ModelRole>(info[0]);
  return job([=](Workspace& workspace, const RunControl&) { return workspace.export_state(role); },
             [](Napi::Env env, const auto& tensors) { return to_js(env, tensors, true); });
}

}  // namespace sau::addon::jobs
