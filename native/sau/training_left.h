#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "sau/attacks/in_batch_attack.h"
#include "sau/error.h"
#include "sau/state_dict.h"

namespace sau {

/// What the trainings of a session have left besides weights and generator, for the jobs that come
/// after them.
struct TrainingLeft {
  struct Epochs {
    std::vector<NamedTensor> optimizer, schedule, attack;
  };
  /// Of the epochs so far; none: there were none, or the last was cut off.
  std::optional<Epochs> epochs;
  /// Of the last training under one.
  std::unique_ptr<InBatchAttack> attack;

  /// Throws ERR_CONFIG where there is none.
  const Epochs& require_epochs() const {
    if (epochs) return *epochs;
    throw Error(
        "ERR_CONFIG",
        "Expected a training to continue but there is none. Call train or loadTraining first");
  }
};

}  // namespace sau
