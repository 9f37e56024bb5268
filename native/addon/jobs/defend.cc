#include "sau/jobs/defend.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob defend(const Napi::CallbackInfo& info) {
  const auto options = read<sau::jobs::DefendOptions>(info[0], "the options of defend");
  auto prepared =
      job([=, state = named_tensors(info[1])](Workspace& workspace, const RunControl& control) {
        sau::jobs::defend(workspace, options, state, control);
      });
  prepared.keep_alive = {info[1]};
  return prepared;
}

}  // namespace sau::addon::jobs
