#pragma once
#include "sau/attacks/in_batch_attack.h"

namespace sau {

/// WaNet's smooth sampling grid [1,S,S,2] of (x, y) in [-1,1] (specification B4.8). control:
/// [1,2,k,k], uniform in [-1,1]; size: side of the images in pixels.
torch::Tensor make_warp_grid(const torch::Tensor& control, const WaNetOptions& options,
                             int64_t size);
/// A warp grid that is disturbed by up to half a pixel, for each image and pixel. noise: [n,S,S,2],
/// uniform in [-1,1].
torch::Tensor noisy_warp_grid(const torch::Tensor& grid, const torch::Tensor& noise);
/// Bilinear samples of x [n,3,S,S], zeros outside. grid: [n,S,S,2], or [1,S,S,2] for all.
torch::Tensor warp(const torch::Tensor& x, const torch::Tensor& grid);

/// WaNet (specification B4.8): the trigger is a warp.
class WaNet final : public InBatchAttack {
 public:
  WaNet(const InBatchAttackOptions& options, const WaNetOptions& method, const AttackScene& scene);

  std::vector<NamedTensor> state() const override { return {{"grid", grid_}}; }

 protected:
  torch::Tensor poison(const torch::Tensor& x) override;
  torch::Tensor cross(const torch::Tensor& x, const ImageSet& source, Split split) override;
  int64_t cross_count(int64_t batch, int64_t poisoned) const override;

 private:
  WaNetOptions method_;
  torch::Tensor grid_;
};

}  // namespace sau
