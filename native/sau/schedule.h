#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "sau/names.h"
#include "sau/state_dict.h"

namespace sau {

/// How the learning rate of a training changes.
struct ScheduleOptions {
  enum class Kind { kConstant, kCosine, kOneCycle, kMultiStep, kPlateau } kind;
  int64_t length;       ///< cosine, one-cycle: epochs until the rate is 0
  double warmup_share;  ///< one-cycle: share of `length` in which the rate rises, below 1
  std::vector<int64_t> milestones;  ///< multi-step: epochs after which the rate is multiplied
  double gamma;                     ///< multi-step and plateau: the factor
};

template <>
struct Names<ScheduleOptions::Kind> {
  static constexpr const char* kWhat = "schedule";
  static constexpr std::pair<const char*, ScheduleOptions::Kind> kAll[] = {
      {"constant", ScheduleOptions::Kind::kConstant},
      {"cosine", ScheduleOptions::Kind::kCosine},
      {"oneCycle", ScheduleOptions::Kind::kOneCycle},
      {"multiStep", ScheduleOptions::Kind::kMultiStep},
      {"plateau", ScheduleOptions::Kind::kPlateau}};
};

template <class V>
void fields(V& v, ScheduleOptions& o) {
  v("schedule", o.kind);
  v("scheduleLength", o.length);
  v("warmupShare", o.warmup_share);
  v("milestones", o.milestones);
  v("gamma", o.gamma);
}

/// Learning rate after `epochs` epochs of training, which may be a fraction. Cosine and multi-step
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
