#include "sau/defenses/defense.h"

namespace sau {

void run_rounds(Defense& defense, const DefenseRounds& rounds,
                const std::function<Metrics()>& measure, const RunControl& control) {
  defense.prepare(rounds.rounds);
  run_rounds(
      {.rounds = rounds.rounds,
       .first = 0,
       .stop = rounds.rounds,
       .eval_every = rounds.eval_every,
       .unit = "round",
       .seed = rounds.seed},
      [&](const Round& round) { return defense.run_round(round); },
      [&](RoundDone& report) { report.metrics = measure(); }, control);
}

}  // namespace sau
