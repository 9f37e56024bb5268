#pragma once
#include "sau/run_control.h"
#include "sau/train_options.h"
#include "sau/workspace.h"

namespace sau::jobs {

/// Ordinary training of the trainee over the images of kTrain: the epochs from `first_epoch` on;
/// above 0 it goes on from where the training before, or the one of load_training, has ended.
void train(Workspace& workspace, const TrainOptions& options, const RunControl& control);

}  // namespace sau::jobs
