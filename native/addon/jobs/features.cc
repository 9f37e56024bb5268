#include "sau/jobs/features.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob features(const Napi::CallbackInfo& info) {
  const sau::jobs::FeaturesOptions options{.model = enum_of<ModelRole>(info[0]),
                                           .images = enum_of<ImageRole>(info[1]),
                                           .indices = index_tensor(info[2])};
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::features(workspace, options, control);
      },
      [](Napi::Env env, const torch::Tensor& found) -> Napi::Value {
        if (!found.defined()) return env.Null();
        return to_js_float(env, found);
      });
}

}  // namespace sau::addon::jobs
