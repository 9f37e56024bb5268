#pragma once
#include <cstdint>

#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Untargeted PGD from the clean image (specification B4.6).
struct AdversarialOptions {
  double step_size;  ///< pixels in [0,1]
  double bound;      ///< of the change of a pixel, in [0,1] scale
  int64_t steps;
  bool normalize;
};

template <class V>
void fields(V& v, AdversarialOptions& o) {
  v("stepSize", o.step_size);
  v("bound", o.bound);
  v("steps", o.steps);
  v("normalize", o.normalize);
}

/// Untargeted PGD in the L_inf ball around every image of a set (specification B4.6): starting at
/// the image, sign steps increase the cross entropy of its label. Returns uint8 [N,3,H,W] on the
/// host, truncated.
torch::Tensor make_adversarial_images(const FrozenPixelClassifier& model, const ImageSet& set,
                                      const AdversarialOptions& options, const RunControl& control);

}  // namespace sau
