#pragma once
#include <cstdint>

#include "sau/image_set.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Training of a steganographic encoder (specification B4.5).
struct StegaOptions {
  int64_t epochs;
  int64_t batch_size;
  double learning_rate;  ///< Adam
  double accuracy_goal;  ///< bit accuracy that starts the image loss
  int64_t wait_steps;    ///< steps after the goal until the image loss has a weight
  int64_t ramp_steps;    ///< steps over which its weight rises
  double image_weight;   ///< final weight
};

template <class V>
void fields(V& v, StegaOptions& o) {
  v("epochs", o.epochs);
  v("batchSize", o.batch_size);
  v("learningRate", o.learning_rate);
  v("accuracyGoal", o.accuracy_goal);
  v("waitSteps", o.wait_steps);
  v("rampSteps", o.ramp_steps);
  v("imageWeight", o.image_weight);
}

struct StegaImages {
  torch::Tensor train, test;  ///< uint8 [N,3,H,W] on the host, rounded
  double bit_accuracy;        ///< of the decoder on the encoded training images
  double image_error;         ///< mean squared change of the training images' pixels in [0,1] scale
  double first_loss, last_loss;  ///< means over the first and the last epoch
  int64_t parameters;            ///< of encoder and decoder together
};

/// Trains a StegaStamp-style encoder and its decoder on the training images, with random bits for
/// each of them, and hides one fixed secret in every image of both sets (specification B4.5).
/// secret: uint8 [bits] of 0 and 1. The seed gives the fresh weights; the generator gives the bits
/// and the order. Throws ERR_CONFIG for a size that is not a multiple of 16, and ERR_DIVERGED.
StegaImages make_stega_images(const ImageSet& train, const ImageSet& test,
                              const torch::Tensor& secret, const StegaOptions& options,
                              uint64_t seed, torch::Generator& generator,
                              const RunControl& control);

}  // namespace sau
