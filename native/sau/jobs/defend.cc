#include "sau/jobs/defend.h"

#include "sau/device.h"
#include "sau/guards.h"
#include "sau/jobs/evaluate.h"

namespace sau::jobs {

void defend(Workspace& workspace, const DefendOptions& options, const RunControl& control) {
  auto& passes = workspace.passes();
  passes = {};
  const auto measure = [&] {
    const auto before = passes;
    const auto metrics =
        evaluate(workspace, {ModelRole::kTrainee, options.eval_batch_size}, control);
    passes = before;
    return metrics;
  };
  const auto run = [&] {
    const auto defense = make_defense(options.method, workspace, control);
    defense->run({{.rounds = options.rounds,
                   .eval_every = options.eval_every,
                   .seed = workspace.options().seed},
                  measure,
                  control});
  };
  const bool recorded = workspace.plan().recorded && workspace.device().is_cuda();
  do_and_finish([&] { recorded ? cuda_support()->on_own_stream(workspace.device(), run) : run(); },
                [&] { control.report(PassesDone{passes}); });
}

}  // namespace sau::jobs
