#include "sau/jobs/train_attack.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"

namespace sau::addon::jobs {

PreparedJob train_attack(const Napi::CallbackInfo& info) {
  const sau::jobs::TrainAttackOptions options{
      .training = read<TrainOptions>(info[0], "the options of train"),
      .attack = read<InBatchAttackOptions>(info[1], "the attack")};
  return job([=](Workspace& workspace, const RunControl& control) {
    sau::jobs::train_attack(workspace, options, control);
  });
}

}  // namespace sau::addon::jobs
