#pragma once
#include "sau/torch.h"

namespace sau {

/// A drawn augmentation, which all images of a batch share.
struct BatchAugmentation {
  int64_t padding = 0;  ///< zeros around the images before the crop; 0: no crop
  int64_t top = 0;      ///< of the crop, in the padded images
  int64_t left = 0;
  double degrees = 0;  ///< counter-clockwise
  bool flip = false;   ///< left to right
};

/// The range that an augmentation is drawn from.
struct BatchAugmentationRange {
  int64_t padding;
  double degrees;  ///< largest angle, in either direction
  bool flip;
};

/// Crop with probability 0.8, rotation and flip with 0.5 each (specification B4.8). generator: on
/// the CPU.
BatchAugmentation draw_augmentation(const BatchAugmentationRange& range,
                                    torch::Generator generator);

/// Zero padding and crop, rotation about the center (nearest pixel, zeros outside), flip. images:
/// [N,C,H,W] in any scale; the padding is zero in that scale.
torch::Tensor augment_batch(const torch::Tensor& images, const BatchAugmentation& draw);

}  // namespace sau
