#pragma once
#include <string>
#include <utility>
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

struct MaskPruningOptions {
  MaskLadderOptions ladder;
  SelectionOptions selection;
  bool ahead = false;  ///< as in MaskLadder
};

/// What a defense does with masks that it has learned of the channels of norms: it chooses a
/// threshold, and its one round cuts the masks up to it. Figures: prunedShare, threshold. Tables:
/// masks, thresholds.
class MaskPruning {
 public:
  /// The weights that the norms have now are those that are cut. Throws ERR_CONFIG where the
  /// selection has nothing to choose by. method: whose masks they are.
  MaskPruning(Workspace& workspace, std::vector<NormSite> norms, MaskPruningOptions options,
              const std::string& method);

  const std::vector<NormSite>& norms() const { return pruner_.norms(); }
  /// Channels of all norms.
  int64_t channels() const { return pruner_.channels(); }
  /// The clean images from which masks may be learned.
  const ImageSet& learn() const { return split_ ? split_->learn : all_clean_; }
  void visit(StateArchive& archive);
  /// masks: [channels], norm by norm.
  void run(const torch::Tensor& masks, const DefenseRun& run);

 private:
  /// The threshold that is kept, and how many masks it cuts.
  std::pair<double, int64_t> choose(const MaskLadder& masks, const DefenseRun& run) const;

  Workspace& workspace_;
  MaskPruningOptions options_;
  ChannelPruner pruner_;
  ImageSet all_clean_;
  std::optional<CleanSplit> split_;
  double threshold_ = kNaN;  ///< that is kept, once it is chosen
  int64_t number_ = 0;       ///< of the masks that it cuts
};

}  // namespace sau
