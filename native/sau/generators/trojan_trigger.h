#pragma once
#include "sau/generators/generator_options.h"
#include "sau/normalizer.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

struct TrojanTrigger {
  torch::Tensor trigger;  ///< uint8 [3,H,W], on the host
  torch::Tensor neurons;  ///< int64 [k]: inputs of the final linear layer, the best connected first
  double first_cost;      ///< sum over the neurons of (activation - target)^2 at the start picture
  double last_cost;       ///< the same at the trigger
  int64_t steps;          ///< sign steps taken
};

/// Changes a picture until it excites the neurons that are connected best (specification B4.7). The
/// neurons are inputs of the final linear layer, scored by the sum of their absolute weights; black
/// pixels of the picture stay black. start: uint8 [3,H,W] on the host. The model is the caller's
/// again, unchanged, when this returns. Throws ERR_CONFIG for more neurons than the layer has.
TrojanTrigger make_trojan_trigger(const PixelClassifier& model, const Normalizer& normalizer,
                                  const torch::Tensor& start, const TrojanOptions& options,
                                  const RunControl& control);

}  // namespace sau
