#pragma once
#include <cstdint>

#include "sau/normalizer.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Optimization of a TrojanNN trigger (specification B4.7).
struct TrojanOptions {
  int64_t
      neurons;    ///< how many inputs of the final linear layer to excite, the most connected ones
  int64_t steps;  ///< most sign steps
  double target;  ///< value that each chosen neuron is driven to
  double step_size;   ///< pixels in [0,1]
  double bound;       ///< largest change of a pixel from the start picture
  double stop_below;  ///< cost at which the search ends
  bool normalize;     ///< normalize the input as the model's training did
};

template <class V>
void fields(V& v, TrojanOptions& o) {
  v("neurons", o.neurons);
  v("steps", o.steps);
  v("target", o.target);
  v("stepSize", o.step_size);
  v("bound", o.bound);
  v("stopBelow", o.stop_below);
  v("normalize", o.normalize);
}

struct TrojanTrigger {
  torch::Tensor trigger;  ///< uint8 [3,H,W], on the host
  torch::Tensor neurons;  ///< int64 [k]: inputs of the final linear layer, the most connected first
  double first_cost;      ///< sum over the neurons of (activation - target)^2 at the start picture
  double last_cost;       ///< cost at the trigger, as first_cost
  int64_t steps;          ///< sign steps taken
};

/// Changes a picture until it excites the most connected neurons (specification B4.7). The neurons
/// are inputs of the final linear layer, scored by the sum of their absolute weights; black pixels
/// of the picture stay black. start: uint8 [3,H,W] on the host. The model is unchanged when this
/// returns. Throws ERR_CONFIG for more neurons than the layer has.
TrojanTrigger make_trojan_trigger(const PixelClassifier& model, const Normalizer& normalizer,
                                  const torch::Tensor& start, const TrojanOptions& options,
                                  const RunControl& control);

}  // namespace sau
