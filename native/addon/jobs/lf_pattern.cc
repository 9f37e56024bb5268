#include "sau/jobs/lf_pattern.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob lf_pattern(const Napi::CallbackInfo& info) {
  const auto options = read<LfOptions>(info[0], "the options of lfPattern");
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::lf_pattern(workspace, options, control);
      },
      [](Napi::Env env, const LfPattern& found) {
        auto o = Napi::Object::New(env);
        o.Set("pattern", to_js_bytes(env, found.pattern));
        o.Set("rate", found.rate);
        o.Set("passes", static_cast<double>(found.passes));
        return o;
      });
}

}  // namespace sau::addon::jobs
