#include "sau/jobs/train.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"

namespace sau::addon::jobs {

PreparedJob train(const Napi::CallbackInfo& info) {
  const auto options = read<TrainOptions>(info[0], "the options of train");
  return job([=](Workspace& workspace, const RunControl& control) {
    sau::jobs::train(workspace, options, control);
  });
}

}  // namespace sau::addon::jobs
