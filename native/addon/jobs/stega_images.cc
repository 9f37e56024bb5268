#include "sau/jobs/stega_images.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob stega_images(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray()) refuse("the secret as a Uint8Array");
  const auto bits = static_cast<int64_t>(info[0].As<Napi::TypedArray>().ElementLength());
  const auto secret = uint8_tensor(info[0], {bits}).clone();
  const auto options = read<StegaOptions>(info[1], "the options of stegaImages");
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::stega_images(workspace, secret, options, control);
      },
      [](Napi::Env env, const StegaImages& made) {
        auto o = Napi::Object::New(env);
        o.Set("train", to_js_bytes(env, made.train));
        o.Set("test", to_js_bytes(env, made.test));
        o.Set("bitAccuracy", made.bit_accuracy);
        o.Set("imageError", made.image_error);
        o.Set("firstLoss", made.first_loss);
        o.Set("lastLoss", made.last_loss);
        o.Set("parameters", static_cast<double>(made.parameters));
        return o;
      });
}

}  // namespace sau::addon::jobs
