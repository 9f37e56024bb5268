#pragma once
#include <vector>

#include "sau/defenses/norm_masks.h"
#include "sau/defenses/selection.h"

namespace sau {

/// What a candidate cuts: the masks up to a threshold, or a share of all of them.
enum class PruneBy { kThreshold, kNumber };

template <>
struct Names<PruneBy> {
  static constexpr const char* kWhat = "way to prune by masks";
  static constexpr std::pair<const char*, PruneBy> kAll[] = {{"threshold", PruneBy::kThreshold},
                                                             {"number", PruneBy::kNumber}};
};

/// What of ranked masks is tried.
struct MaskLadderOptions {
  PruneBy by;
  double most;       ///< the last candidate
  double step;       ///< from one candidate to the next, from 0 on
  double threshold;  ///< kFixed: the one that is kept
};

template <class V>
void fields(V& v, MaskLadderOptions& o) {
  v("by", o.by);
  v("most", o.most);
  v("step", o.step);
  v("threshold", o.threshold);
}

/// The candidates of ranked masks: thresholds, with how many masks each cuts.
class MaskLadder {
 public:
  /// ahead: each candidate by number is a step further, as the official tool has it.
  MaskLadder(const RankedMasks& ranked, const MaskLadderOptions& options, bool ahead);

  const std::vector<double>& thresholds() const { return thresholds_; }
  /// How many masks a threshold cuts.
  int64_t number_at(double threshold) const;
  /// As those see it who choose. What it refers to outlives it.
  Ladder ladder(const ChannelPruner& pruner) const;

 private:
  const RankedMasks& ranked_;
  MaskLadderOptions options_;
  bool ahead_;
  std::vector<double> thresholds_;
};

}  // namespace sau
