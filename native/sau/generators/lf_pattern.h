#pragma once
#include <cstdint>
#include <optional>

#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Search for a low-frequency pattern (specification B4.4).
struct LfOptions {
  int64_t target_label;
  int64_t passes;        ///< largest number of passes over the images
  double peak;           ///< largest value of the pattern, pixels in [0,1]
  int64_t search_steps;  ///< largest number of DeepFool steps per image
  double overshoot;      ///< share of a DeepFool change that is added to it
  double enough;         ///< share of changed predictions at which the search ends
  double settled;        ///< the search also ends if the last rates differ by less than this
  bool normalize;
};

template <class V>
void fields(V& v, LfOptions& o) {
  v("targetLabel", o.target_label);
  v("passes", o.passes);
  v("peak", o.peak);
  v("searchSteps", o.search_steps);
  v("overshoot", o.overshoot);
  v("enough", o.enough);
  v("settled", o.settled);
  v("normalize", o.normalize);
}

/// Separable low-pass filter of [N,C,H,W], channel by channel: 30 taps of a Gaussian that sum to 1,
/// zeros around the image, 14 before and 15 after (specification B4.4).
torch::Tensor low_pass(const torch::Tensor& x);

/// Targeted DeepFool (specification B4.4): a small change of x [1,3,H,W] (pixels) that makes the
/// model predict options.target_label, or nothing if the steps do not suffice.
std::optional<torch::Tensor> targeted_deepfool(const FrozenPixelClassifier& model,
                                               const torch::Tensor& x, const LfOptions& options,
                                               const RunControl& control);

struct LfPattern {
  torch::Tensor pattern;  ///< uint8 [3,H,W] on the host: trunc(255 v), v in [0, peak]
  double rate;            ///< share of the evaluation images whose prediction it changes
  int64_t passes;         ///< passes made over the images
};

/// A smooth pattern that changes the predictions of a clean model when it is added to images
/// (specification B4.4). It starts at zero and grows by the smoothed targeted DeepFool change of
/// one image after another, in an order drawn from the generator.
LfPattern make_lf_pattern(const FrozenPixelClassifier& model, const ImageSet& images,
                          const ImageSet& evaluation, const LfOptions& options,
                          torch::Generator& generator, const RunControl& control);

}  // namespace sau
