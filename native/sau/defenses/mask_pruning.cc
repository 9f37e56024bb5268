#include "sau/defenses/mask_pruning.h"

#include <cmath>
#include <tuple>

namespace sau {
namespace {

/// Throws ERR_CONFIG where the oracle has nothing to look at.
void require_test_sets(const Workspace& workspace, const std::string& method) {
  if (workspace.find_images(ImageRole::kCleanTest) != nullptr &&
      workspace.find_images(ImageRole::kPoisonedTest) != nullptr)
    return;
  throw Error("ERR_CONFIG", "Expected clean and poisoned test images for select oracle of " +
                                method + " but some are missing. Choose select clean");
}

/// The official rule: of the candidates whose test ACC is within maxDrop of that before, the one
/// with the lowest test ASR, if that is lower than before; else -1.
int64_t choose_by_oracle(const Ladder& ladder, double max_drop, const DefenseRun& run) {
  const auto before = run.measure();
  double lowest = before.asr;
  int64_t best = -1;
  for (int64_t index = 0; index < ladder.count; ++index) {
    run.control().throw_if_cancelled();
    const auto metrics = measure_candidate(ladder, index, run);
    const double change = std::abs(metrics.acc - before.acc) / before.acc;
    if (change >= max_drop || metrics.asr >= lowest) continue;
    lowest = metrics.asr;
    best = index;
  }
  return best;
}

}  // namespace

MaskLadder::MaskLadder(const RankedMasks& ranked, const MaskLadderOptions& options, bool ahead)
    : ranked_(ranked), options_(options), ahead_(ahead) {
  TORCH_CHECK(options.step > 0 && options.most >= 0, "expected steps above 0, got ", options.step);
  const auto count = std::llround(std::floor(options.most / options.step + 1e-9)) + 1;
  for (int64_t i = 0; i < count; ++i) thresholds_.push_back(options.step * static_cast<double>(i));
}

int64_t MaskLadder::number_at(double threshold) const {
  // A sum of steps may be a hair below the mask that it stands for.
  if (options_.by == PruneBy::kThreshold) return ranked_.at_most(threshold + 1e-9);
  const double share = threshold + (ahead_ ? options_.step : 0);
  const auto number = static_cast<int64_t>(share * static_cast<double>(ranked_.count()) + 1e-9);
  return std::min(number, ranked_.count());
}

Ladder MaskLadder::ladder(const ChannelPruner& pruner) const {
  const auto number = [this](int64_t index) {
    return number_at(thresholds_[static_cast<size_t>(index)]);
  };
  return {
      .count = static_cast<int64_t>(thresholds_.size()),
      .number = number,
      .apply = [this, &pruner, number](
                   int64_t index) { pruner.cut(ranked_.lowest(number(index)), /*biases=*/false); },
      .row =
          [this, number](int64_t index) {
            const int64_t cut = number(index);
            return TableRow{.table = "thresholds",
                            .cells = {{"threshold", thresholds_[static_cast<size_t>(index)]},
                                      {"value", ranked_.value(cut)},
                                      {"pruned", static_cast<double>(cut)}}};
          }};
}

MaskPruning::MaskPruning(Workspace& workspace, std::vector<NormSite> norms,
                         MaskPruningOptions options, const std::string& method)
    : workspace_(workspace),
      options_(options),
      pruner_(workspace.model(ModelRole::kTrainee).model(), std::move(norms)),
      all_clean_(workspace.images(ImageRole::kCleanSubset)),
      split_(options_.selection.select == Select::kClean ? std::optional(split_clean(all_clean_))
                                                         : std::nullopt) {
  if (options_.selection.select == Select::kOracle) require_test_sets(workspace, method);
}

void MaskPruning::visit(StateArchive& archive) {
  archive("threshold", threshold_);
  archive("number", number_);
}

void MaskPruning::run(const torch::Tensor& masks, const DefenseRun& run) {
  const RankedMasks ranked(masks, norms());
  run.steps(1, [&](int64_t) {
    ranked.report(run);
    const MaskLadder ladder(ranked, options_.ladder, options_.ahead);
    run.begin_stage("choosing a threshold");
    std::tie(threshold_, number_) = choose(ladder, run);
    require_rest(number_, channels(), "threshold");
  });
  run.rounds([&](const Round&) {
    const int64_t cut = pruner_.cut(ranked.lowest(number_), /*biases=*/false);
    return Figures{{"prunedShare", share_of(cut, channels())}, {"threshold", threshold_}};
  });
}

std::pair<double, int64_t> MaskPruning::choose(const MaskLadder& masks,
                                               const DefenseRun& run) const {
  const auto ladder = masks.ladder(pruner_);
  const double max_drop = options_.selection.max_drop;
  const auto at = [&](int64_t index) {
    const double threshold = masks.thresholds()[static_cast<size_t>(index)];
    return std::pair{threshold, masks.number_at(threshold)};
  };
  switch (options_.selection.select) {
    case Select::kFixed:
      report_ladder(ladder, run);
      return {options_.ladder.threshold, masks.number_at(options_.ladder.threshold)};
    case Select::kOracle: {
      const int64_t best = choose_by_oracle(ladder, max_drop, run);
      return best < 0 ? std::pair{kNaN, int64_t{0}} : at(best);
    }
    case Select::kClean: {
      const auto accuracy = [&] {
        return accuracy_on(workspace_.frozen(ModelRole::kTrainee, torch::kFloat32), split_->judge,
                           run.control());
      };
      return at(choose_by_clean(ladder, max_drop, accuracy(), accuracy, run).kept);
    }
  }
  TORCH_CHECK(false, "unknown selection");
}

}  // namespace sau
