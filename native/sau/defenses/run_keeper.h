#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sau/defenses/state_archive.h"
#include "sau/defenses/stop_rule.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau {

/// The state that a run has left: named tensors on the host. Empty: none, the run begins.
using RunState = std::vector<NamedTensor>;

/// Tells the state of a defense's run where it is asked for, and takes a run back to such a state.
/// A run consists of phases, these of units, such as the rounds: after any unit the state may be
/// told. A run that goes on does its phases in the same order; it leaves out the units that are
/// done, and reports nothing before it has reached its place.
class RunKeeper {
 public:
  /// state: where the run goes on. save_every: units from one state to the next, at least; 0: tells
  /// none. The references outlive it.
  RunKeeper(Workspace& workspace, StopRule& stop, RunState state, int64_t save_every,
            const RunControl& control);

  /// What the run reports to.
  const RunControl& control() const { return muted_; }
  /// Comes before the first phase. visit: what the defense has left.
  void watch(std::function<void(StateArchive&)> visit) { visit_ = std::move(visit); }
  /// Begins the next phase. Returns how many of its units are done already.
  int64_t begin_phase(int64_t units);
  /// So many units of the phase are done, or all where it ends early.
  void unit_done(int64_t done, bool ends);
  /// Throws ERR_CHECKPOINT where the run has ended before its place.
  void require_reached() const;

 private:
  struct Place {
    int64_t phase = 0, done = 0;
    bool ended = false;
  };

  bool is_behind() const { return place_.has_value(); }
  /// What is of the run itself.
  void visit_run(StateArchive& archive);
  void restore();
  void tell();
  void report(const Progress& progress);

  Workspace& workspace_;
  StopRule& stop_;
  RunState state_;
  int64_t save_every_;
  const RunControl& control_;
  RunControl muted_;
  std::function<void(StateArchive&)> visit_;
  std::optional<Place> place_;  ///< that is still to be reached
  Place now_{.phase = -1};
  int64_t since_ = 0;           ///< units since the last state
  std::optional<Stage> stage_;  ///< the last that was not reported
};

}  // namespace sau
