#pragma once
#include <cstdint>
#include <vector>

#include "sau/names.h"

namespace sau {

/// How the learning rate of a training changes.
struct ScheduleOptions {
  enum class Kind { kConstant, kCosine, kOneCycle, kMultiStep } kind;
  int64_t length;       ///< cosine, one-cycle: epochs until the rate is 0
  double warmup_share;  ///< one-cycle: share of `length` in which the rate rises, below 1
  std::vector<int64_t> milestones;  ///< multi-step: epochs after which the rate is multiplied
  double gamma;                     ///< multi-step: the factor
};

template <>
struct Names<ScheduleOptions::Kind> {
  static constexpr const char* kWhat = "schedule";
  static constexpr std::pair<const char*, ScheduleOptions::Kind> kAll[] = {
      {"constant", ScheduleOptions::Kind::kConstant},
      {"cosine", ScheduleOptions::Kind::kCosine},
      {"oneCycle", ScheduleOptions::Kind::kOneCycle},
      {"multiStep", ScheduleOptions::Kind::kMultiStep}};
};

template <class V>
void fields(V& v, ScheduleOptions& o) {
  v("schedule", o.kind);
  v("scheduleLength", o.length);
  v("warmupShare", o.warmup_share);
  v("milestones", o.milestones);
  v("gamma", o.gamma);
}

/// Learning rate after `epochs` epochs of training, parts of one counted. Cosine and multi-step
/// change between epochs, as PyTorch's schedulers do when they are stepped by epoch (specification
/// B3.1); one-cycle changes with every batch.
double learning_rate_at(double epochs, double learning_rate, const ScheduleOptions& options);

}  // namespace sau
