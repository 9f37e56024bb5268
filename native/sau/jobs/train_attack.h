#pragma once
#include "sau/attacks/attack_options.h"
#include "sau/run_control.h"
#include "sau/train_options.h"
#include "sau/workspace.h"

namespace sau::jobs {

struct TrainAttackOptions {
  TrainOptions training;
  InBatchAttackOptions attack;
};

/// Training of the trainee under an attack that poisons each batch. Wherever the trainee is
/// measured, the images of kPoisonedTest are made anew from those of kCleanTest. The attack stays
/// for poison_images; with as many epochs done as there are, it is only made again.
void train_attack(Workspace& workspace, const TrainAttackOptions& options,
                  const RunControl& control);

}  // namespace sau::jobs
