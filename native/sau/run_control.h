#pragma once
#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sau/error.h"
#include "sau/passes.h"
#include "sau/state_dict.h"

namespace sau {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Fractions in [0,1]; NaN if there were no such images. Losses: mean over batches of the
/// batch-mean cross entropy (specification B2).
struct Metrics {
  double acc = kNaN, asr = kNaN, ra = kNaN;
  double clean_loss = kNaN, poisoned_loss = kNaN, ra_loss = kNaN;
  int64_t clean_count = 0, poisoned_count = 0;
};

/// What a round reports, by the names that its method gives: losses, and shares in [0,1]. NaN where
/// there is none.
using Figures = std::vector<std::pair<std::string, double>>;

/// Batches of a round, or an epoch, that are done.
struct BatchDone {
  int64_t round, rounds;   ///< 0-based round, and the number of rounds of the whole run
  int64_t batch, batches;  ///< batches done, and batches in all
};

/// The end of a round, or of an epoch.
struct RoundDone {
  int64_t round, rounds;
  double seconds = kNaN;  ///< wall time, measuring included
  Figures figures;
  std::optional<Metrics> metrics = std::nullopt;  ///< where the round was measured
};

/// Images measured so far, of those to be measured.
struct EvaluationDone {
  int64_t images, of;
};

/// What the user should know, in words.
struct Note {
  std::string message;
};

/// A new part of the job begins, in words. Rounds that are told from then on are its own.
struct Stage {
  std::string message;
};

/// A row of a table that a defense writes besides its rounds.
struct TableRow {
  using Cell = std::variant<double, std::string>;
  std::string table;
  std::vector<std::pair<std::string, Cell>> cells;
  std::optional<Metrics> metrics = std::nullopt;  ///< of the model that the row is about
};

/// A picture that a defense has made, uint8 [3,height,width].
struct PictureMade {
  std::string name;
  int64_t height, width;
  std::vector<uint8_t> planes;
};

/// Passes of images that a defense has cost, without those of its measurements.
struct PassesDone {
  Passes passes;
};

/// The rounds ended before the last, as they were asked to; because: "patience" or "timeBudget".
struct Stopped {
  std::string because;
};

/// The state of a defense's run, from which an equal run can go on. Of what was reported so far it
/// has nothing.
struct StateLeft {
  std::vector<NamedTensor> tensors;  ///< copies on the host
  double seconds;                    ///< that copying them took
};

/// One message of a running job.
using Progress = std::variant<BatchDone, RoundDone, EvaluationDone, Note, Stage, TableRow,
                              PictureMade, PassesDone, Stopped, StateLeft>;

/// The connection of a job to its caller. Progress is sent and never awaited.
struct RunControl {
  const std::atomic<bool>& cancelled;
  std::function<void(const Progress&)> report;

  void throw_if_cancelled() const {
    if (cancelled.load(std::memory_order_relaxed))
      throw Error("ERR_ABORTED", "The job was cancelled");
  }
};

}  // namespace sau
