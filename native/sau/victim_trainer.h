#pragma once
#include <functional>

#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/options.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Zero padding and a random crop, then a random horizontal flip, each image its own draw
/// (specification C.2). images: uint8 [N,3,H,W]; generator: on the CPU.
torch::Tensor augment(const torch::Tensor& images, int64_t crop_padding, bool flip,
                      torch::Generator& generator);

/// Ordinary training on a poisoned set, for the attack simulation (specification B3.1). Weights of
/// the last epoch stay in the model. evaluate: measures the model after an epoch.
void train_victim(const PixelClassifier& model, const ImageSet& train, const TrainOptions& options,
                  torch::Generator& generator, const RunControl& control,
                  const std::function<Metrics()>& evaluate);

}  // namespace sau
