#include "sau/rounds.h"

#include "sau/stopwatch.h"
#include "sau/torch.h"

namespace sau {
namespace {

void require_finite_loss(const Figures& figures, const Round& round, const char* unit) {
  for (const auto& [name, value] : figures) {
    if (name != "loss" || std::isfinite(value)) continue;
    throw Error("ERR_DIVERGED", "Expected a finite loss but it is " + std::to_string(value) +
                                    " in " + unit + " " + std::to_string(round.index + 1) +
                                    ". Lower learningRate, or check the weights it began with");
  }
}

}  // namespace

void run_rounds(const RoundsPlan& plan, const std::function<Figures(const Round&)>& run_round,
                const std::function<void(RoundDone&)>& measure, const RunControl& control,
                const std::function<bool(const RoundDone&)>& was_last) {
  for (int64_t index = plan.first; index < plan.stop; ++index) {
    control.throw_if_cancelled();
    const Stopwatch watch;
    const Round round{index, plan.rounds};
    torch::manual_seed(plan.seed + static_cast<uint64_t>(index));
    RoundDone report{.round = index, .rounds = plan.rounds, .figures = run_round(round)};
    require_finite_loss(report.figures, round, plan.unit);
    const int64_t done = index + 1;
    const bool last = done == plan.rounds;
    if (plan.eval_every > 0 && (last || done % plan.eval_every == 0)) measure(report);
    report.seconds = watch.seconds();
    control.report(report);
    if (was_last(report)) return;
  }
}

}  // namespace sau
