#pragma once
#include <functional>
#include <optional>
#include <utility>

#include "sau/defenses/state_archive.h"
#include "sau/run_control.h"
#include "sau/stopwatch.h"

namespace sau {

struct StopOptions {
  int64_t patience;  ///< still rounds in a row that end the run; 0: none do
  double seconds;    ///< wall time that the run must not exceed; 0: any
};

/// Whether a run ends after a round that is not its last (defenses E0). A round is still where
/// neither the accuracy on the held-out images nor the shared risk, if the method reports one, has
/// moved away from what they were after the last round that was not.
class StopRule {
 public:
  /// held_out: accuracy of the trainee on so many held-out images. The time begins here.
  StopRule(const StopOptions& options, int64_t images, std::function<double()> held_out)
      : options_(options), images_(images), held_out_(std::move(held_out)) {}

  /// Adds to a round's figures what the patience looks at, "heldOutAcc".
  void look(Figures& figures) const;
  /// Whether the run ends with this round, and tells why. A round is taken to last as long as the
  /// longest before.
  bool was_last(const RoundDone& round, const RunControl& control);
  /// Tells why the run has ended, if it has.
  void report(const RunControl& control) const;
  void visit(StateArchive& archive);

 private:
  /// What the patience looks at.
  struct Watched {
    double accuracy;
    double risk;  ///< NaN where there is none
  };
  bool is_still(const Watched& now) const;
  bool has_patience_ended(const RoundDone& round);
  bool has_time_ended(const RoundDone& round);

  StopOptions options_;
  int64_t images_;
  std::function<double()> held_out_;
  Stopwatch watch_;
  std::optional<Watched> moved_;               ///< after the last round that was not still
  int64_t still_ = 0;                          ///< rounds in a row
  double longest_ = 0;                         ///< seconds of a round
  bool is_settled_ = false, is_late_ = false;  ///< why the run has ended
};

}  // namespace sau
