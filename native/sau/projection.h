#pragma once
#include "sau/options.h"
#include "sau/torch.h"

namespace sau {

/// Projects perturbations on the norm ball, image by image (specification B1.5). delta: [N,C,H,W]
/// in pixel scale. L_inf clamps each element; L1 and L2 scale an image down where its norm exceeds
/// the bound; Reg is the identity.
torch::Tensor project(const torch::Tensor& delta, const NormBall& ball);

/// The start of the attack for images of x's shape, before projection. generator: a CPU generator,
/// used for kRandom alone, so that every device draws the same numbers.
torch::Tensor initial_delta(const torch::Tensor& x, DeltaInit init, double bound,
                            torch::Generator& generator);

}  // namespace sau
