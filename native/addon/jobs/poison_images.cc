#include "sau/jobs/poison_images.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob poison_images(const Napi::CallbackInfo& info) {
  const auto role = enum_of<sau::jobs::PoisonedRole>(info[0]);
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::poison_images(workspace, role, control);
      },
      [](Napi::Env env, const PoisonedImages& made) {
        auto o = Napi::Object::New(env);
        o.Set("images", to_js_bytes(env, made.images));
        o.Set("labels", to_js_int32(env, made.labels));
        o.Set("positions", to_js_int32(env, made.positions));
        o.Set("cross", to_js_int32(env, made.cross));
        return o;
      });
}

}  // namespace sau::addon::jobs
