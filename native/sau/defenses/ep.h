#pragma once
#include "sau/defenses/pruning.h"

namespace sau {

struct EpOptions : OutlierOptions {
  double bin_width;      ///< of the histograms, in standard deviations
  int64_t crop_padding;  ///< zero pixels around the image before the random crop; 0: no crop
  bool flip;             ///< horizontal flip with probability 1/2
};

template <class V>
void fields(V& v, EpOptions& o) {
  fields(v, static_cast<OutlierOptions&>(o));
  v("binWidth", o.bin_width);
  v("cropPadding", o.crop_padding);
  v("flip", o.flip);
}

/// Entropy pruning (defenses E6): cuts channels whose largest values, over training images of which
/// some are poisoned, are spread with an entropy far below that of the others. The images of the
/// role kTrain are the batch that it looks at.
class EpDefense final : public OutlierPruning {
 public:
  static constexpr const char* kName = "ep";
  using Options = EpOptions;

  EpDefense(Workspace& workspace, const EpOptions& options, const RunControl& control);

 protected:
  ByNorm score(const RunControl& control) override;
  ByNorm outliers(const ByNorm& scores, double u) const override;

 private:
  double bin_width_;
  ImageSet batch_;   ///< augmented
  ByNorm constant_;  ///< channels of one value, which have no spread and stay
};

}  // namespace sau
