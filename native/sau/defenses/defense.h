#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sau/defenses/run_keeper.h"
#include "sau/defenses/state_archive.h"
#include "sau/defenses/stop_rule.h"
#include "sau/rounds.h"
#include "sau/run_control.h"

namespace sau {

struct DefenseRounds {
  int64_t rounds;
  int64_t eval_every;  ///< rounds between measurements; the last one is measured too; 0: never
  uint64_t seed;       ///< of the run
};

/// A part of a defense with rounds of its own, which are rows of a table.
struct DefensePart {
  std::string stage;  ///< in words, such as "training the teacher"
  std::string table;
  int64_t rounds;  ///< at most
  bool measured;   ///< as the rounds of the run are; else never
};

/// What a defense asks of its run: to do rounds, to measure the trainee, to report. In a run that
/// goes on, what is done already is left out.
class DefenseRun {
 public:
  /// measure: measures the trainee. stop: ends the rounds of the run. All outlive the run.
  DefenseRun(const DefenseRounds& rounds, std::function<Metrics()> measure, StopRule& stop,
             RunKeeper& keeper)
      : rounds_(rounds),
        measure_(std::move(measure)),
        stop_(stop),
        keeper_(keeper),
        control_(keeper.control()) {}

  /// Of the run: the rounds that its report and its CSV have.
  int64_t count() const { return rounds_.rounds; }
  const RunControl& control() const { return control_; }
  /// A new stage of the run, in words.
  void begin_stage(const std::string& message) const { control_.report(Stage{message}); }
  /// Does the rounds of the run, or those until one after which it stops.
  void rounds(const std::function<Figures(const Round&)>& run_round) const;
  /// Does the rounds of a part, or those until one of which it is said that it was the last. A
  /// round's row has the cells "round" (0-based), "seconds" and its figures.
  void part(
      const DefensePart& part, const std::function<Figures(const Round&)>& run_round,
      const std::function<bool(const Figures&)>& was_last = [](const Figures&) {
        return false;
      }) const;
  /// Does steps that are no rounds, such as a search for each class.
  void steps(int64_t count, const std::function<void(int64_t index)>& step) const;
  /// A row of a table.
  void report(TableRow row) const { control_.report(std::move(row)); }
  /// Measures the trainee.
  Metrics measure() const { return measure_(); }
  /// Whether a candidate is measured: every so many of them are, as rounds.
  bool measures(int64_t index) const;

 private:
  DefenseRounds rounds_;
  std::function<Metrics()> measure_;
  StopRule& stop_;
  RunKeeper& keeper_;
  const RunControl& control_;
};

/// A defense changes the trainee of a workspace. It names its own figures; one that reports a
/// "loss" is watched for divergence. Its constructor refuses what it cannot work on.
class Defense {
 public:
  virtual ~Defense() = default;
  /// All of it: its parts in order, and among them the rounds of the run.
  virtual void run(const DefenseRun& run) = 0;
  /// What it has left so far besides the trainee's weights and the workspace's generator: all that
  /// a run that goes on needs, and that it would not have by then if it left out what is done. It
  /// is asked after any round or step, and gives it back where an equal run begins the same phase.
  virtual void visit(StateArchive& archive) = 0;
};

/// A defense that is nothing but its rounds.
class RoundsDefense : public Defense {
 public:
  void run(const DefenseRun& run) final;
  /// What comes once, before the first of so many rounds.
  virtual void prepare(int64_t /*rounds*/) {}
  /// Does a round, telling its batches, and returns its figures.
  virtual Figures run_round(const Round& round) = 0;
};

}  // namespace sau
