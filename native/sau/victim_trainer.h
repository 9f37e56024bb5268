#pragma once
#include <functional>

#include "sau/attacks/in_batch_attack.h"
#include "sau/run_control.h"
#include "sau/train_options.h"
#include "sau/workspace.h"

namespace sau {

/// Training for the attack simulation (specification B3.1), the epochs from `first_epoch` to before
/// `stop_epoch`: of a set that is poisoned already or, with an attack, of one whose batches it
/// poisons.
struct VictimTraining {
  const TrainOptions& options;
  bool goes_on;           ///< from what the epochs before have left
  InBatchAttack* attack;  ///< may be null
  /// Measures the model after an epoch.
  std::function<void(RoundDone&)> measure;
};

/// Trains the trainee on the images of kTrain. Weights of the last epoch stay in it, and with them
/// what the training has left. Figures: loss, trainAcc; where poisoned images are told apart also
/// trainCleanAcc, trainAsr, trainRa, trainCrossAcc, crossAcc and crossLoss. Throws ERR_DIVERGED.
void train_victim(Workspace& workspace, const VictimTraining& training, const RunControl& control);

}  // namespace sau
