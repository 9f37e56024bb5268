#include "sau/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sau/error.h"

namespace sau {
namespace {

constexpr const char* kPlateauState = "plateau";
// The defaults of ReduceLROnPlateau.
constexpr double kPatience = 10;        ///< epochs without a better loss that are borne
constexpr double kThreshold = 1e-4;     ///< share of the best loss by which a better one is lower
constexpr double kSmallestStep = 1e-8;  ///< the rate stays where it would fall by less

}  // namespace

double learning_rate_at(double epochs, double learning_rate, const ScheduleOptions& options) {
  using Kind = ScheduleOptions::Kind;
  const double epoch = std::floor(epochs);
  const auto length = static_cast<double>(options.length);
  switch (options.kind) {
    case Kind::kConstant:
    case Kind::kPlateau:
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

Schedule::Schedule(double learning_rate, const ScheduleOptions& options)
    : options_(options), learning_rate_(learning_rate) {}

double Schedule::rate_at(double epochs) const {
  return learning_rate_at(epochs, learning_rate_, options_);
}

void Schedule::end_epoch(double mean_loss) {
  if (options_.kind != ScheduleOptions::Kind::kPlateau) return;
  if (mean_loss < best_loss_ * (1 - kThreshold)) {
    best_loss_ = mean_loss;
    epochs_without_better_ = 0;
  } else {
    ++epochs_without_better_;
  }
  if (epochs_without_better_ <= kPatience) return;
  epochs_without_better_ = 0;
  const double lower = learning_rate_ * options_.gamma;
  if (learning_rate_ - lower > kSmallestStep) learning_rate_ = lower;
}

std::vector<NamedTensor> Schedule::state() const {
  if (options_.kind != ScheduleOptions::Kind::kPlateau) return {};
  return {{kPlateauState,
           torch::tensor({learning_rate_, best_loss_, epochs_without_better_}, torch::kFloat64)}};
}

void Schedule::load_state(const std::vector<NamedTensor>& state) {
  const auto own = this->state();
  if (state.size() != own.size()) {
    throw Error("ERR_CHECKPOINT",
                "Expected the state of a training with the same schedule but received one with "
                "another. Go on with the options that the training began with");
  }
  if (own.empty()) return;
  copy_tensors(state, own);
  const auto* values = own[0].value.data_ptr<double>();
  learning_rate_ = values[0];
  best_loss_ = values[1];
  epochs_without_better_ = values[2];
}

}  // namespace sau
