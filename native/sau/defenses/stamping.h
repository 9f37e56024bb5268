#pragma once
#include "sau/torch.h"

namespace sau {

/// Images [N,3,H,W] in gray levels with a trigger: (1 - mask) * image + mask * pattern, float32.
/// mask: [1,1,H,W]; pattern: [1,3,H,W], pixels in [0,1].
torch::Tensor stamp(const torch::Tensor& images, const torch::Tensor& mask,
                    const torch::Tensor& pattern);

/// As the official tool has it (defenses E4, quirk 3): the mask and its product with the pattern
/// are pictures of 8 bits, each stretched to the whole range, and sums above 255 begin again at 0.
torch::Tensor stamp_from_pictures(const torch::Tensor& images, const torch::Tensor& mask,
                                  const torch::Tensor& pattern);

/// Pixels float [C,3,H,W] in [0,1] as one picture: uint8 [3,R*H,S*W], row by row in a square of
/// cells, the last ones black.
torch::Tensor sheet_of(const torch::Tensor& pictures);

}  // namespace sau
