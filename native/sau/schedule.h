#pragma once
#include <limits>
#include <vector>

#include "sau/options.h"
#include "sau/state_dict.h"

namespace sau {

/// Learning rate after `epochs` epochs of training, parts of one counted. Cosine and multi-step
/// change between epochs, as PyTorch's schedulers do when they are stepped by epoch (specification
/// B3.1); one-cycle changes with every batch. Plateau goes by the losses: see Schedule.
double learning_rate_at(double epochs, double learning_rate, const ScheduleOptions& options);

/// The learning rate of one training. That of a plateau schedule falls by `gamma` where the mean
/// training loss has not become better for more than ten epochs in a row, as PyTorch's
/// ReduceLROnPlateau has it with its own defaults (specification B3.1).
class Schedule {
 public:
  Schedule(double learning_rate, const ScheduleOptions& options);

  /// See learning_rate_at().
  double rate_at(double epochs) const;
  /// mean_loss: over the batches of the epoch that has ended.
  void end_epoch(double mean_loss);

  /// What the epochs so far have left; nothing where the rate goes by the epoch alone.
  std::vector<NamedTensor> state() const;
  /// Goes on from a state() of a schedule of the same kind. Throws ERR_CHECKPOINT.
  void load_state(const std::vector<NamedTensor>& state);

 private:
  ScheduleOptions options_;
  double learning_rate_;  ///< plateau: of the next epoch
  double best_loss_ = std::numeric_limits<double>::infinity();
  double epochs_without_better_ = 0;
};

}  // namespace sau
