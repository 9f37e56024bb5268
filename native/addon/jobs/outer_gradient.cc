#include "sau/jobs/outer_gradient.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob outer_gradient(const Napi::CallbackInfo& info) {
  const auto images = enum_of<ImageRole>(info[0]);
  const auto indices = index_tensor(info[1]);
  if (!info[2].IsTypedArray()) refuse("delta as a Float32Array");
  const auto length = static_cast<int64_t>(info[2].As<Napi::TypedArray>().ElementLength());
  const sau::jobs::OuterGradientOptions options{.images = images,
                                                .indices = indices,
                                                .delta = float_tensor(info[2], {length}).clone(),
                                                .loss = read<SauLossOptions>(info[3], "loss")};
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::outer_gradient(workspace, options, control);
      },
      [](Napi::Env env, const sau::jobs::OuterGradient& result) {
        auto o = Napi::Object::New(env);
        o.Set("loss", result.total);
        o.Set("cleanLoss", result.clean);
        o.Set("adversarialLoss", result.adversarial);
        o.Set("sharedLoss", result.shared);
        o.Set("suspects", to_js_int32(env, result.suspects));
        o.Set("gradient", to_js(env, result.gradient, true));
        return o;
      });
}

}  // namespace sau::addon::jobs
