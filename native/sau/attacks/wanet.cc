#include "sau/attacks/wanet.h"

#include "sau/error.h"

namespace sau {
namespace {

/// Uniform in [-1,1].
torch::Tensor symmetric_uniform(at::IntArrayRef shape, const torch::Generator& generator) {
  return at::rand(shape, generator, torch::TensorOptions(torch::kFloat32)) * 2 - 1;
}

}  // namespace

torch::Tensor make_warp_grid(const torch::Tensor& control, const WaNetOptions& options,
                             int64_t size) {
  TORCH_CHECK(control.dim() == 4 && control.size(0) == 1 && control.size(1) == 2,
              "the control points must be [1,2,k,k], got ", control.sizes());
  const auto field = at::upsample_bicubic2d(control / control.abs().mean(), {size, size},
                                            /*align_corners=*/true)
                         .permute({0, 2, 3, 1});
  const auto axis = torch::linspace(-1, 1, size);
  const auto identity = at::stack({axis.expand({size, size}),                // x: column
                                   axis.unsqueeze(1).expand({size, size})},  // y: row
                                  -1);
  const auto warped = identity + options.strength * field / static_cast<double>(size);
  return (warped * options.grid_rescale).clamp(-1, 1);
}

torch::Tensor noisy_warp_grid(const torch::Tensor& grid, const torch::Tensor& noise) {
  return (grid + noise / static_cast<double>(grid.size(1))).clamp(-1, 1);
}

torch::Tensor warp(const torch::Tensor& x, const torch::Tensor& grid) {
  constexpr int64_t kBilinear = 0, kZeros = 0;
  return at::grid_sampler(x, grid.expand({x.size(0), -1, -1, -1}), kBilinear, kZeros,
                          /*align_corners=*/true);
}

WaNet::WaNet(const InBatchAttackOptions& options, const WaNetOptions& method,
             const AttackScene& scene)
    : InBatchAttack(options, scene), method_(method) {
  if (scene.height != scene.width) {
    throw Error("ERR_CONFIG", "Expected square images for wanet but received " +
                                  std::to_string(scene.height) + "x" + std::to_string(scene.width) +
                                  ". Use imageSize");
  }
  const auto control =
      symmetric_uniform({1, 2, method.grid_size, method.grid_size}, scene.generator);
  grid_ = make_warp_grid(control, method, scene.height).to(scene.device);
}

torch::Tensor WaNet::poison(const torch::Tensor& x) { return warp(x, grid_); }

torch::Tensor WaNet::cross(const torch::Tensor& x, const ImageSet&, Split) {
  const auto noise =
      symmetric_uniform({x.size(0), x.size(2), x.size(3), 2}, scene().generator).to(x.device());
  return warp(x, noisy_warp_grid(grid_, noise));
}

int64_t WaNet::cross_count(int64_t, int64_t poisoned) const {
  return part_of(poisoned, method_.cross_ratio);
}

}  // namespace sau
