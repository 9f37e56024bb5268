#include "sau/jobs/training_state.h"

#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob export_training(const Napi::CallbackInfo&) {
  return job(
      [](Workspace& workspace, const RunControl&) { return sau::jobs::export_training(workspace); },
      [](Napi::Env env, const auto& tensors) { return to_js(env, tensors, true); });
}

PreparedJob load_training(const Napi::CallbackInfo& info) {
  auto prepared = job([state = named_tensors(info[0])](Workspace& workspace, const RunControl&) {
    sau::jobs::load_training(workspace, state);
  });
  prepared.keep_alive = {info[0]};
  return prepared;
}

}  // namespace sau::addon::jobs
