#include "sau/jobs/train.h"

#include "sau/jobs/evaluate.h"
#include "sau/victim_trainer.h"

namespace sau::jobs {

void train(Workspace& workspace, const TrainOptions& options, const RunControl& control) {
  const auto measure = [&](RoundDone& report) {
    report.metrics = evaluate(workspace, {ModelRole::kTrainee, options.eval_batch_size}, control);
  };
  train_victim(workspace,
               {.options = options,
                .goes_on = options.first_epoch > 0,
                .attack = nullptr,
                .measure = measure},
               control);
}

}  // namespace sau::jobs
