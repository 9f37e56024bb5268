#pragma once
#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "sau/error.h"

namespace sau {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Fractions in [0,1]; NaN where there were no such images. Losses: mean over batches of the
/// batch-mean cross entropy (specification B2).
struct Metrics {
  double acc = kNaN, asr = kNaN, ra = kNaN;
  double clean_loss = kNaN, poisoned_loss = kNaN, ra_loss = kNaN;
  int64_t clean_count = 0, poisoned_count = 0;
};

/// An epoch whose poisoned images are known: fractions in [0,1] of the training's own
/// batches, and of the test images with the disturbance that is no trigger. NaN where there were no
/// such images.
struct AttackShares {
  double clean_acc = kNaN, asr = kNaN, ra = kNaN, cross_train_acc = kNaN;
  double cross_acc = kNaN, cross_loss = kNaN;
};

/// One message of a running job.
struct Progress {
  enum class Kind { kBatch, kRound, kEvaluation, kNote } kind = Kind::kBatch;
  int64_t round = 0, rounds = 0;   ///< 0-based round or epoch, and their number
  int64_t batch = 0, batches = 0;  ///< batches done, and batches in all
  double loss = kNaN, clean_loss = kNaN, shared_loss = kNaN;  ///< means over the round's batches
  double suspect_share = kNaN, train_acc = kNaN;
  double seconds = kNaN;  ///< wall time of the round
  std::optional<Metrics> metrics = std::nullopt;
  std::optional<AttackShares> attack = std::nullopt;
  std::string note = {};  ///< what the user should know, in words
};

/// How a job talks with whoever started it. Progress is sent, never awaited.
struct RunControl {
  const std::atomic<bool>& cancelled;
  std::function<void(const Progress&)> report;

  void throw_if_cancelled() const {
    if (cancelled.load(std::memory_order_relaxed))
      throw Error("ERR_ABORTED", "The job was cancelled");
  }
};

}  // namespace sau
