#include "sau/jobs/defend.h"

#include "sau/device.h"
#include "sau/jobs/evaluate.h"

namespace sau::jobs {

void defend(Workspace& workspace, const DefendOptions& options, const RunControl& control) {
  const auto run = [&] {
    const auto defense = make_defense(options.method, workspace, control);
    run_rounds(
        *defense,
        {.rounds = options.rounds,
         .eval_every = options.eval_every,
         .seed = workspace.options().seed},
        [&] {
          return evaluate(workspace, {ModelRole::kTrainee, options.eval_batch_size}, control);
        },
        control);
  };
  const bool recorded = workspace.plan().recorded && workspace.device().is_cuda();
  recorded ? cuda_support()->on_own_stream(workspace.device(), run) : run();
}

}  // namespace sau::jobs
