#pragma once
#include <functional>

#include "sau/attacks/in_batch_attack.h"
#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/optimizer.h"
#include "sau/rounds.h"
#include "sau/run_control.h"
#include "sau/torch.h"
#include "sau/train_options.h"

namespace sau {

/// Zero padding and a random crop, then a random horizontal flip, each image its own draw
/// (specification C.2). images: uint8 [N,3,H,W]; generator: on the CPU.
torch::Tensor augment(const torch::Tensor& images, int64_t crop_padding, bool flip,
                      torch::Generator& generator);

/// All that a training changes, which is all that is needed to continue it.
struct TrainingState {
  const PixelClassifier& model;
  Optimizer& optimizer;
  Schedule& schedule;
  torch::Generator& generator;  ///< on the CPU
};

/// Counts of the images of one kind and of the right predictions among them, on the device.
class Hits {
 public:
  explicit Hits(const torch::Device& device);
  /// hit: bool [b]; among: bool [b], true for images of the kind.
  void add(const torch::Tensor& hit, const torch::Tensor& among);
  /// NaN where there were no images.
  double share() const { return right_.item<double>() / images_.item<double>(); }

 private:
  torch::Tensor right_, images_;  ///< int64
};

/// Sums over the batches of an epoch, on the device.
class EpochSums {
 public:
  EpochSums(const torch::Device& device, int64_t batches);
  void add(const torch::Tensor& loss, const torch::Tensor& predicted, const TrainingBatch& batch);

  /// Mean over batches of the batch's loss.
  double mean_loss() const { return loss_.item<double>() / static_cast<double>(batches_); }
  double accuracy() const { return all_.share(); }
  // By kinds of images, where these are told apart; NaN where there were none.
  double clean_accuracy() const { return clean_.share(); }
  double attack_success() const { return attacked_.share(); }
  double robust_accuracy() const { return robust_.share(); }
  double crossed_accuracy() const { return crossed_.share(); }

 private:
  torch::Tensor loss_;
  int64_t batches_;
  Hits all_, clean_, attacked_, robust_, crossed_;
};

/// What a step of the optimizer had: a scalar, and the logits [n,K] of the batch.
struct StepOutcome {
  torch::Tensor loss, logits;
};

/// What an ordinary training does besides.
struct EpochExtras {
  bool drop_last = false;           ///< leave out the last batch where it is smaller
  torch::Tensor kinds = {};         ///< uint8 [N], ImageKind; undefined: they are not told apart
  InBatchAttack* attack = nullptr;  ///< poisons each batch
  /// A step in the place of the ordinary one: it clears gradients and steps the optimizer itself.
  std::function<StepOutcome(const TrainingBatch&)> step = {};
  double loss_factor = 1;  ///< -1 makes the loss of the ordinary step grow
  /// What else changes the model behind each step.
  std::function<void()> after_step = {};
};

/// Ordinary training over a set, epoch by epoch: augmented batches in random order, cross entropy,
/// batch norm in training mode (specification B3.1).
class EpochTrainer {
 public:
  /// The set and what the state refers to outlive the trainer. Throws ERR_CONFIG for a batch size
  /// that does not suit the set.
  EpochTrainer(const TrainingState& state, const ImageSet& train, const EpochOptions& options,
               EpochExtras extras);
  EpochSums run_epoch(const Round& epoch, const RunControl& control);

 private:
  int64_t batches() const;
  TrainingBatch ordinary_batch(const torch::Tensor& positions);
  StepOutcome ordinary_step(const TrainingBatch& batch);

  TrainingState state_;
  const ImageSet& train_;
  EpochOptions options_;
  EpochExtras extras_;
};

}  // namespace sau
