#include "sau/jobs/evaluate.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/progress.h"

namespace sau::addon::jobs {

PreparedJob evaluate(const Napi::CallbackInfo& info) {
  const auto options = read<sau::jobs::EvaluateOptions>(info[0], "the options of evaluate");
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::evaluate(workspace, options, control);
      },
      [](Napi::Env env, const Metrics& metrics) { return to_js(env, metrics); });
}

}  // namespace sau::addon::jobs
