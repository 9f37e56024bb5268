#pragma once
#include "sau/generators/generator_options.h"
#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Untargeted PGD in the L_inf ball around every image of a set, from the image itself: sign steps
/// up the cross entropy of its label (specification B4.6). Returns uint8 [N,3,H,W] on the host,
/// truncated.
torch::Tensor make_adversarial_images(const FrozenPixelClassifier& model, const ImageSet& set,
                                      const AdversarialOptions& options, const RunControl& control);

}  // namespace sau
