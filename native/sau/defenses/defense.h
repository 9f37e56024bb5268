#pragma once
#include <functional>
#include <vector>

#include "sau/rounds.h"
#include "sau/run_control.h"
#include "sau/state_dict.h"

namespace sau {

/// A defense changes the trainee of a workspace: what it does once, then its rounds. It measures
/// nothing itself and names its own figures; one that reports a "loss" is watched for divergence.
class Defense {
 public:
  virtual ~Defense() = default;
  /// What comes once, before the first of so many rounds.
  virtual void prepare(int64_t /*rounds*/) {}
  /// Does a round, telling its batches, and returns its figures.
  virtual Figures run_round(const Round& round) = 0;
  /// What the rounds so far have left besides the trainee's weights and the workspace's generator:
  /// all that a run that goes on after them needs. The tensors are the defense's own, not copies.
  virtual std::vector<NamedTensor> state() const = 0;
};

struct DefenseRounds {
  int64_t rounds;
  int64_t eval_every;  ///< rounds between measurements; the last one is measured too; 0: never
  uint64_t seed;       ///< of the run
};

/// Prepares a defense and does all of its rounds. measure: measures the trainee after a round.
void run_rounds(Defense& defense, const DefenseRounds& rounds,
                const std::function<Metrics()>& measure, const RunControl& control);

}  // namespace sau
