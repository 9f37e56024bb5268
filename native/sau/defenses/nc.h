#pragma once
#include <optional>
#include <vector>

#include "sau/defenses/defense.h"
#include "sau/defenses/outliers.h"
#include "sau/defenses/selection.h"
#include "sau/defenses/trigger_inversion.h"
#include "sau/train_epoch.h"
#include "sau/workspace.h"

namespace sau {

struct NcOptions : EpochOptions {  ///< of the unlearning
  Compat compat;
  InversionOptions inversion;
  double anomaly;           ///< index above which a class counts as a backdoor's target
  double unlearning_ratio;  ///< share of the images that are stamped, and unlearned as such
};

template <class V>
void fields(V& v, NcOptions& o) {
  fields(v, static_cast<EpochOptions&>(o));
  v("compat", o.compat);
  v("inversion", o.inversion);
  v("anomaly", o.anomaly);
  v("unlearningRatio", o.unlearning_ratio);
}

/// Neural Cleanse (defenses E4): the smallest trigger for each class is searched; images with those
/// that are far smaller than the others are learned with their true labels. A round is an epoch of
/// that; there is none where no class stands out. Figures: loss, trainAcc. Tables: triggers,
/// outliers. Pictures: masks, patterns and triggers of all classes.
class NcDefense final : public Defense {
 public:
  static constexpr const char* kName = "nc";
  using Options = NcOptions;

  NcDefense(Workspace& workspace, const NcOptions& options, const RunControl& control);
  void run(const DefenseRun& run) override;
  void visit(StateArchive& archive) override;

 private:
  void search(const DefenseRun& run);
  /// The classes that stand out.
  std::vector<int64_t> judge(const DefenseRun& run) const;
  void unlearn(const std::vector<int64_t>& classes, const DefenseRun& run);
  /// Images as they are, and images with each of the triggers, by gray levels.
  ImageSet stamped(const std::vector<int64_t>& classes) const;

  Workspace& workspace_;
  NcOptions options_;
  const PixelClassifier& model_;
  const ImageSet& clean_subset_;
  Schedule schedule_;
  std::vector<InvertedTrigger> triggers_;  ///< by class
  std::optional<Optimizer> optimizer_;
};

}  // namespace sau
