#include "sau/projection.h"

namespace sau {
namespace {

torch::Tensor scale_into_ball(const torch::Tensor& delta, double p, double bound) {
  const auto norm =
      torch::linalg_vector_norm(delta, p, at::IntArrayRef({1, 2, 3}), /*keepdim=*/true);
  return delta * torch::where(norm > bound, bound / norm, torch::ones_like(norm));
}

}  // namespace

torch::Tensor project(const torch::Tensor& delta, const NormBall& ball) {
  switch (ball.norm) {
    case Norm::kLInf:
      return delta.clamp(-ball.bound, ball.bound);
    case Norm::kL1:
      return scale_into_ball(delta, 1, ball.bound);
    case Norm::kL2:
      return scale_into_ball(delta, 2, ball.bound);
    case Norm::kReg:
      return delta;
  }
  TORCH_CHECK(false, "unknown norm");
}

torch::Tensor initial_delta(const torch::Tensor& x, DeltaInit init, double bound,
                            torch::Generator& generator) {
  switch (init) {
    case DeltaInit::kMax:
      return torch::full_like(x, bound);
    case DeltaInit::kMin:
      return torch::full_like(x, -bound);
    case DeltaInit::kZero:
      return torch::zeros_like(x);
    case DeltaInit::kRandom:
      return torch::empty_like(x).copy_(torch::rand(x.sizes(), generator, torch::kFloat32));
  }
  TORCH_CHECK(false, "unknown start of the perturbation");
}

}  // namespace sau
