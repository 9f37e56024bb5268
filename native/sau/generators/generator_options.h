#pragma once
#include <cstdint>

namespace sau {

/// Optimisation of a TrojanNN trigger (specification B4.7).
struct TrojanOptions {
  int64_t neurons;    ///< of the final linear layer's input, the most connected first
  int64_t steps;      ///< most sign steps
  double target;      ///< value that each chosen neuron is driven to
  double step_size;   ///< pixels in [0,1]
  double bound;       ///< most change of a pixel from the start picture
  double stop_below;  ///< cost at which the search ends
  bool normalize;     ///< normalise the input as the model's training did
};

/// Search for a low-frequency pattern (specification B4.4).
struct LfOptions {
  int64_t target_label;
  int64_t passes;        ///< most passes over the images
  double peak;           ///< largest value of the pattern, pixels in [0,1]
  int64_t search_steps;  ///< most DeepFool steps per image
  double overshoot;      ///< of a DeepFool change, as a share of it
  double enough;         ///< share of changed predictions at which the search ends
  double settled;        ///< spread of the last rates below which it ends as well
  bool normalize;
};

/// Untargeted PGD from the clean image (specification B4.6).
struct AdversarialOptions {
  double step_size;  ///< pixels in [0,1]
  double bound;      ///< of the change of a pixel, in [0,1] scale
  int64_t steps;
  bool normalize;
};

/// Training of a steganographic encoder (specification B4.5).
struct StegaOptions {
  int64_t epochs;
  int64_t batch_size;
  double learning_rate;  ///< Adam
  double accuracy_goal;  ///< bit accuracy that starts the image loss
  int64_t wait_steps;    ///< steps from there until the image loss begins to count
  int64_t ramp_steps;    ///< steps over which its weight rises
  double image_weight;   ///< the weight in the end
};

}  // namespace sau
