#include "sau/defenses/defense.h"

namespace sau {

void DefenseRun::rounds(const std::function<Figures(const Round&)>& run_round) const {
  run_rounds(
      {.rounds = rounds_.rounds,
       .first = 0,
       .stop = rounds_.rounds,
       .eval_every = rounds_.eval_every,
       .unit = "round",
       .seed = rounds_.seed},
      run_round, [&](RoundDone& report) { report.metrics = measure_(); }, control_);
}

void DefenseRun::part(const DefensePart& part,
                      const std::function<Figures(const Round&)>& run_round,
                      const std::function<bool(const Figures&)>& was_last) const {
  begin_stage(part.stage);
  bool ended = false;
  const RunControl rows{control_.cancelled, [&](const Progress& progress) {
                          const auto* round = std::get_if<RoundDone>(&progress);
                          if (round == nullptr) {
                            control_.report(progress);
                            return;
                          }
                          TableRow row{.table = part.table,
                                       .cells = {{"round", static_cast<double>(round->round)},
                                                 {"seconds", round->seconds}},
                                       .metrics = round->metrics};
                          for (const auto& [name, value] : round->figures)
                            row.cells.emplace_back(name, value);
                          control_.report(row);
                          ended = was_last(round->figures);
                        }};
  for (int64_t index = 0; index < part.rounds && !ended; ++index) {
    run_rounds(
        {.rounds = part.rounds,
         .first = index,
         .stop = index + 1,
         .eval_every = part.measured ? rounds_.eval_every : 0,
         .unit = "round",
         .seed = rounds_.seed},
        run_round, [&](RoundDone& report) { report.metrics = measure_(); }, rows);
  }
}

std::optional<Metrics> DefenseRun::measure_nth(int64_t index) const {
  const int64_t every = rounds_.eval_every;
  if (every == 0 || (index + 1) % every != 0) return std::nullopt;
  return measure_();
}

void RoundsDefense::run(const DefenseRun& run) {
  prepare(run.count());
  run.rounds([&](const Round& round) { return run_round(round); });
}

}  // namespace sau
