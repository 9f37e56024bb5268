#pragma once
#include <functional>

#include "sau/attacks/in_batch_attack.h"
#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/optimizer.h"
#include "sau/options.h"
#include "sau/run_control.h"
#include "sau/schedule.h"
#include "sau/torch.h"

namespace sau {

/// Zero padding and a random crop, then a random horizontal flip, each image its own draw
/// (specification C.2). images: uint8 [N,3,H,W]; generator: on the CPU.
torch::Tensor augment(const torch::Tensor& images, int64_t crop_padding, bool flip,
                      torch::Generator& generator);

/// All that a training changes: with it, and nothing else, a training can be continued.
struct TrainingState {
  const PixelClassifier& model;
  Optimizer& optimizer;
  Schedule& schedule;
  torch::Generator& generator;  ///< on the CPU
};

/// Training for the attack simulation (specification B3.1), the epochs from `first_epoch` to before
/// `stop_epoch`: of a set that is poisoned already or, with an attack, of one whose batches it
/// poisons. Weights of the last epoch stay in the model. measure_epoch: measures the model after an
/// epoch.
void train_victim(const TrainingState& state, const ImageSet& train, const TrainOptions& options,
                  const RunControl& control, const std::function<void(Progress&)>& measure_epoch,
                  InBatchAttack* attack = nullptr);

}  // namespace sau
