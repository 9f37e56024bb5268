#include "sau/jobs/defend.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"

namespace sau::addon::jobs {

PreparedJob defend(const Napi::CallbackInfo& info) {
  const auto options = read<sau::jobs::DefendOptions>(info[0], "the options of defend");
  return job([=](Workspace& workspace, const RunControl& control) {
    sau::jobs::defend(workspace, options, control);
  });
}

}  // namespace sau::addon::jobs
