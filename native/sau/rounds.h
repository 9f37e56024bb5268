#pragma once
#include <functional>

#include "sau/run_control.h"

namespace sau {

/// A round in its run.
struct Round {
  int64_t index;  ///< 0-based
  int64_t of;     ///< rounds of the whole run
};

/// The rounds of a run, or the part of them that a job does.
struct RoundsPlan {
  int64_t rounds;       ///< of the whole run
  int64_t first, stop;  ///< the job does those from `first` to before `stop`
  int64_t eval_every;   ///< rounds between measurements; the last one is measured too; 0: never
  const char* unit;     ///< what errors call a round
  uint64_t seed;        ///< of the run
};

/// Does the rounds in order. What dropout and stochastic depth draw in a round depends on the seed
/// and the round alone, so that a run that goes on draws what it would have drawn. Each gives its
/// figures; measure puts into the report what it finds. Throws ERR_DIVERGED where the figure "loss"
/// is no finite number, ERR_ABORTED. was_last: of a round that was told, whether the job ends with
/// it before its time.
void run_rounds(
    const RoundsPlan& plan, const std::function<Figures(const Round&)>& run_round,
    const std::function<void(RoundDone&)>& measure, const RunControl& control,
    const std::function<bool(const RoundDone&)>& was_last = [](const RoundDone&) { return false; });

}  // namespace sau
