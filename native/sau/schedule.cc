#include "sau/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sau/error.h"

namespace sau {

double learning_rate_at(double epochs, double learning_rate, const ScheduleOptions& options) {
  using Kind = ScheduleOptions::Kind;
  const double epoch = std::floor(epochs);
  const auto length = static_cast<double>(options.length);
  switch (options.kind) {
    case Kind::kConstant:
      return learning_rate;
    case Kind::kCosine:  // the closed form
      return learning_rate * (1 + std::cos(std::numbers::pi * (epoch / length))) / 2;
    case Kind::kOneCycle: {
      const double progress = std::min(1.0, epochs / length);
      const double warmup = options.warmup_share;
      return learning_rate *
             (progress < warmup ? progress / warmup : (1 - progress) / (1 - warmup));
    }
    case Kind::kMultiStep: {
      const auto passed =
          std::count_if(options.milestones.begin(), options.milestones.end(),
                        [&](int64_t at) { return static_cast<double>(at) <= epoch; });
      return learning_rate * std::pow(options.gamma, static_cast<double>(passed));
    }
  }
  throw Error("ERR_NATIVE", "unknown schedule");
}

}  // namespace sau
