#include "sau/defenses/defense.h"

namespace sau {

void DefenseRun::rounds(const std::function<Figures(const Round&)>& run_round) const {
  run_rounds(
      {.rounds = rounds_.rounds,
       .first = keeper_.begin_phase(rounds_.rounds),
       .stop = rounds_.rounds,
       .eval_every = rounds_.eval_every,
       .unit = "round",
       .seed = rounds_.seed},
      [&](const Round& round) {
        auto figures = run_round(round);
        stop_.look(figures);
        return figures;
      },
      [&](RoundDone& report) { report.metrics = measure_(); }, control_,
      [&](const RoundDone& report) {
        const bool ends = stop_.was_last(report, control_);
        keeper_.unit_done(report.round + 1, ends);
        return ends;
      });
}

void DefenseRun::part(const DefensePart& part,
                      const std::function<Figures(const Round&)>& run_round,
                      const std::function<bool(const Figures&)>& was_last) const {
  begin_stage(part.stage);
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
                        }};
  run_rounds(
      {.rounds = part.rounds,
       .first = keeper_.begin_phase(part.rounds),
       .stop = part.rounds,
       .eval_every = part.measured ? rounds_.eval_every : 0,
       .unit = "round",
       .seed = rounds_.seed},
      run_round, [&](RoundDone& report) { report.metrics = measure_(); }, rows,
      [&](const RoundDone& report) {
        const bool ends = was_last(report.figures);
        keeper_.unit_done(report.round + 1, ends);
        return ends;
      });
}

void DefenseRun::steps(int64_t count, const std::function<void(int64_t index)>& step) const {
  for (int64_t index = keeper_.begin_phase(count); index < count; ++index) {
    step(index);
    keeper_.unit_done(index + 1, /*ends=*/false);
  }
}

bool DefenseRun::measures(int64_t index) const {
  return rounds_.eval_every > 0 && (index + 1) % rounds_.eval_every == 0;
}

void RoundsDefense::run(const DefenseRun& run) {
  prepare(run.count());
  run.rounds([&](const Round& round) { return run_round(round); });
}

}  // namespace sau
