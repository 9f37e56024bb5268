#include "sau/defenses/stop_rule.h"

#include <algorithm>
#include <string_view>

namespace sau {
namespace {

// What has moved by less counts as chance.
constexpr double kAccuracy = 0.01;  ///< or one image
constexpr double kShareOfRisk = 0.05;
constexpr double kRisk = 0.01;
constexpr double kRounding = 1e-9;

double figure_of(const Figures& figures, std::string_view name) {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const auto& figure) { return figure.first == name; });
  return found == figures.end() ? kNaN : found->second;
}

}  // namespace

void StopRule::look(Figures& figures) const {
  if (options_.patience > 0) figures.emplace_back("heldOutAcc", held_out_());
}

bool StopRule::was_last(const RoundDone& round, const RunControl& control) {
  const bool is_settled = has_patience_ended(round);
  const bool is_late = has_time_ended(round);
  if (round.round + 1 == round.rounds) return false;
  is_settled_ = is_settled;
  is_late_ = is_late;
  report(control);
  return is_settled || is_late;
}

void StopRule::report(const RunControl& control) const {
  if (is_settled_ || is_late_) control.report(Stopped{is_settled_ ? "patience" : "timeBudget"});
}

void StopRule::visit(StateArchive& archive) {
  bool has_moved = moved_.has_value();
  auto moved = moved_.value_or(Watched{});
  archive("stop.hasMoved", has_moved);
  archive("stop.accuracy", moved.accuracy);
  archive("stop.risk", moved.risk);
  archive("stop.still", still_);
  archive("stop.longest", longest_);
  archive("stop.isSettled", is_settled_);
  archive("stop.isLate", is_late_);
  if (archive.gives()) moved_ = has_moved ? std::optional(moved) : std::nullopt;
}

bool StopRule::has_patience_ended(const RoundDone& round) {
  if (options_.patience == 0) return false;
  const Watched now{figure_of(round.figures, "heldOutAcc"), figure_of(round.figures, "sharedLoss")};
  if (is_still(now)) return ++still_ >= options_.patience;
  moved_ = now;
  still_ = 0;
  return false;
}

bool StopRule::is_still(const Watched& now) const {
  if (!moved_) return false;
  const double accuracy = std::max(kAccuracy, 1.0 / static_cast<double>(images_)) + kRounding;
  if (std::abs(now.accuracy - moved_->accuracy) > accuracy) return false;
  const double risk = std::max(kRisk, kShareOfRisk * moved_->risk);
  return std::isnan(moved_->risk) || std::abs(now.risk - moved_->risk) <= risk;
}

bool StopRule::has_time_ended(const RoundDone& round) {
  longest_ = std::max(longest_, round.seconds);
  return options_.seconds > 0 && watch_.seconds() + longest_ > options_.seconds;
}

}  // namespace sau
