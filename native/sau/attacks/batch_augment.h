#pragma once
#include "sau/torch.h"

namespace sau {

/// One draw of an augmentation that all images of a batch share.
struct BatchAugmentation {
  int64_t padding = 0;  ///< zeros around the images before the crop; 0: no crop
  int64_t top = 0;      ///< of the crop, in the padded images
  int64_t left = 0;
  double degrees = 0;  ///< counter-clockwise
  bool flip = false;   ///< left to right
};

/// What may be drawn.
struct BatchAugmentationRange {
  int64_t padding;
  double degrees;  ///< most of them, to either side
  bool flip;
};

/// Crop with probability 0.8, rotation and flip with 0.5 each (specification B4.8). generator: on
/// the CPU.
BatchAugmentation draw_augmentation(const BatchAugmentationRange& range,
                                    torch::Generator generator);

/// Zero padding and crop, rotation about the centre (nearest pixel, zeros outside), flip. images:
/// [N,C,H,W] in any scale; zeros are zeros of that scale.
torch::Tensor augment_batch(const torch::Tensor& images, const BatchAugmentation& draw);

}  // namespace sau
