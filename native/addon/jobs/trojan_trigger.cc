#include "sau/jobs/trojan_trigger.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob trojan_trigger(const Napi::CallbackInfo& info) {
  const auto picture = object_of(info[0], "the start picture");
  const auto start = uint8_tensor(field(picture, "planes"), {3, integer_field(picture, "height"),
                                                             integer_field(picture, "width")})
                         .clone();
  const auto options = read<TrojanOptions>(info[1], "the options of trojanTrigger");
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::trojan_trigger(workspace, start, options, control);
      },
      [](Napi::Env env, const TrojanTrigger& found) {
        auto o = Napi::Object::New(env);
        o.Set("trigger", to_js_bytes(env, found.trigger));
        o.Set("neurons", to_js_int32(env, found.neurons));
        o.Set("firstCost", found.first_cost);
        o.Set("lastCost", found.last_cost);
        o.Set("steps", static_cast<double>(found.steps));
        return o;
      });
}

}  // namespace sau::addon::jobs
