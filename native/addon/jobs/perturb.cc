#include "sau/jobs/perturb.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob perturb(const Napi::CallbackInfo& info) {
  const sau::jobs::PerturbOptions options{.images = enum_of<ImageRole>(info[0]),
                                          .indices = index_tensor(info[1]),
                                          .pgd = read<PgdOptions>(info[2], "pgd")};
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::perturb(workspace, options, control);
      },
      to_js_float);
}

}  // namespace sau::addon::jobs
