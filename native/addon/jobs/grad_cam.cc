#include "sau/grad_cam.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob grad_cam(const Napi::CallbackInfo& info) {
  const CamOptions options{.model = enum_of<ModelRole>(info[0]),
                           .images = enum_of<ImageRole>(info[1]),
                           .indices = index_tensor(info[2]),
                           .classes = index_tensor(info[3])};
  return job([=](Workspace& workspace,
                 const RunControl& control) { return sau::grad_cam(workspace, options, control); },
             [](Napi::Env env, const torch::Tensor& maps) -> Napi::Value {
               if (!maps.defined()) return env.Null();
               auto o = Napi::Object::New(env);
               o.Set("maps", to_js_float(env, maps));
               o.Set("height", static_cast<double>(maps.size(1)));
               o.Set("width", static_cast<double>(maps.size(2)));
               return o;
             });
}

}  // namespace sau::addon::jobs
