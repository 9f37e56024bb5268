#include "sau/jobs/defend.h"

#include "sau/device.h"
#include "sau/guards.h"
#include "sau/jobs/evaluate.h"
#include "sau/precision.h"

namespace sau::jobs {
namespace {

double held_out_accuracy(const Workspace& workspace, const RunControl& control) {
  const MeasuringGuard measuring(workspace.options());
  return accuracy_on(workspace.frozen(ModelRole::kTrainee, measuring_dtype(workspace.options())),
                     workspace.images(ImageRole::kHeldOut), control);
}

}  // namespace

void defend(Workspace& workspace, const DefendOptions& options, RunState state,
            const RunControl& control) {
  auto& passes = workspace.passes();
  passes = {};
  const auto uncounted = [&](const auto& measure) {
    const auto before = passes;
    const auto result = measure();
    passes = before;
    return result;
  };
  const bool looks = options.stop.patience > 0;
  const int64_t held_out = looks ? workspace.images(ImageRole::kHeldOut).size() : 0;
  StopRule stop(options.stop, held_out,
                [&] { return uncounted([&] { return held_out_accuracy(workspace, control); }); });
  RunKeeper keeper(workspace, stop, std::move(state), options.save_every, control);
  const auto measure = [&] {
    return uncounted([&] {
      return evaluate(workspace, {ModelRole::kTrainee, options.eval_batch_size}, keeper.control());
    });
  };
  const auto run = [&] {
    const auto defense = make_defense(options.method, workspace, keeper.control());
    keeper.watch([&](StateArchive& archive) { defense->visit(archive); });
    defense->run({{.rounds = options.rounds,
                   .eval_every = options.eval_every,
                   .seed = workspace.options().seed},
                  measure,
                  stop,
                  keeper});
    keeper.require_reached();
  };
  const bool recorded = workspace.plan().recorded && workspace.device().is_cuda();
  do_and_finish([&] { recorded ? cuda_support()->on_own_stream(workspace.device(), run) : run(); },
                [&] { control.report(PassesDone{passes}); });
}

}  // namespace sau::jobs
