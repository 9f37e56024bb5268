#pragma once
#include <string>
#include <vector>

#include "sau/defenses/selection.h"
#include "sau/net/graph_module.h"
#include "sau/net/taps.h"

namespace sau {

/// One tensor for each norm: bool [C], true for channels to cut, or float64 [C], all on the host.
using ByNorm = std::vector<torch::Tensor>;

/// The norms of a network, whose channels are cut and come back.
class ChannelPruner {
 public:
  /// Keeps the weights and biases that the norms have. The model outlives it.
  ChannelPruner(const GraphModule& model, std::vector<NormSite> norms);

  const std::vector<NormSite>& norms() const { return norms_; }
  /// Channels of all norms.
  int64_t channels() const { return channels_; }
  /// Sets the weights of the chosen channels to 0, and their biases where `biases`. All others are
  /// what they were at first. Returns how many were chosen.
  int64_t cut(const ByNorm& chosen, bool biases) const;

 private:
  const GraphModule& model_;
  std::vector<NormSite> norms_;
  std::vector<torch::Tensor> weights_, biases_;
  int64_t channels_ = 0;
};

/// Throws ERR_CONFIG where a method that prunes a kind of norms has none of them.
std::vector<NormSite> require_norms(std::vector<NormSite> norms, const std::string& method,
                                    const std::string& kind);

/// Throws ERR_CONFIG where all of the channels would be cut. option: the threshold's.
void require_rest(int64_t cut, int64_t channels, const std::string& option);

/// How many of all channels are chosen.
int64_t count_of(const ByNorm& chosen);

/// Share of the channels that a candidate cuts.
double share_of(int64_t cut, int64_t channels);

/// Channels whose score is above mean + u * std of their norm's finite scores (unbiased), and those
/// whose score is infinite.
ByNorm far_above(const ByNorm& scores, double u);

/// A row for each channel: layer, channel (0-based), score, and 1 where it was cut.
void report_scores(const std::vector<NormSite>& norms, const ByNorm& scores, const ByNorm& chosen,
                   const DefenseRun& run);

struct OutlierOptions {
  double u;         ///< standard deviations within which a channel stays
  bool prune_bias;  ///< cut the bias of a channel beside its weight
  SelectionOptions selection;
};

template <class V>
void fields(V& v, OutlierOptions& o) {
  v("u", o.u);
  v("pruneBias", o.prune_bias);
  v("selection", o.selection);
}

/// A defense that scores the channels of norms once and cuts the outliers: of `u`, or of the u that
/// clean images choose among 10, 9.5 ... 0. It has one round. Figures: prunedShare, u. Tables:
/// "steps", "scores".
class OutlierPruning : public Defense {
 public:
  OutlierPruning(Workspace& workspace, std::vector<NormSite> norms, const OutlierOptions& options);
  void run(const DefenseRun& run) final;
  /// Nothing: what comes before its round takes seconds and is done again.
  void visit(StateArchive& /*archive*/) final {}

 protected:
  /// Of each channel, float64.
  virtual ByNorm score(const RunControl& control) = 0;
  /// The outliers of u.
  virtual ByNorm outliers(const ByNorm& scores, double u) const { return far_above(scores, u); }

  Workspace& workspace() const { return workspace_; }
  const std::vector<NormSite>& norms() const { return pruner_.norms(); }
  /// The clean images that may be looked at.
  const ImageSet& learn() const { return split_ ? split_->learn : all_clean_; }

 private:
  /// The u that is kept.
  double choose(const ByNorm& scores, const DefenseRun& run) const;
  Ladder ladder(const ByNorm& scores, const std::vector<double>& steps) const;

  Workspace& workspace_;
  OutlierOptions options_;
  ChannelPruner pruner_;
  ImageSet all_clean_;
  std::optional<CleanSplit> split_;
};

}  // namespace sau
