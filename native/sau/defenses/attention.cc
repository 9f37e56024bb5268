#include "sau/defenses/attention.h"

namespace sau {

torch::Tensor attention_of(const torch::Tensor& map, double power) {
  constexpr double kEpsilon = 1e-6;  // keeps a division by a norm of 0 finite
  const auto wide = map.to(torch::kFloat32);
  const auto powers = power == 2 ? wide.square() : wide.abs().pow(power);
  const auto sums = powers.sum(1).flatten(1);
  return sums / (sums.norm(2, {1}, /*keepdim=*/true) + kEpsilon);
}

torch::Tensor attention_distance(const torch::Tensor& a, const torch::Tensor& b, double power) {
  return (attention_of(a, power) - attention_of(b, power)).square().mean();
}

}  // namespace sau
