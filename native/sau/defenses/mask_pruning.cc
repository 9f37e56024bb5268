#include "sau/defenses/mask_pruning.h"

#include <cmath>

namespace sau {

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

}  // namespace sau
