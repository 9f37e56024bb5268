#pragma once
#include <functional>

#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// The predicted classes (argmax of the logits) of pixels [N,3,H,W], chunk by chunk, without
/// gradients: int64 [N].
torch::Tensor predict(const FrozenPixelClassifier& model, const torch::Tensor& pixels);

/// argmax of the logits over a whole image set: int64 [N] on the device.
torch::Tensor predict(const FrozenPixelClassifier& model, const ImageSet& set,
                      const RunControl& control);

/// Calls visit(begin, end, logits) for consecutive pieces of a set, in evaluation mode, without
/// gradients.
void for_each_logits(const FrozenPixelClassifier& model, const ImageSet& set,
                     const RunControl& control,
                     const std::function<void(int64_t, int64_t, const torch::Tensor&)>& visit);

}  // namespace sau
