#include "sau/jobs/predict.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob predict(const Napi::CallbackInfo& info) {
  const sau::jobs::PredictOptions options{.model = enum_of<ModelRole>(info[0]),
                                          .images = enum_of<ImageRole>(info[1])};
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::predict(workspace, options, control);
      },
      to_js_int32);
}

}  // namespace sau::addon::jobs
