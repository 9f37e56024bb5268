#pragma once
#include "sau/attacks/in_batch_attack.h"

namespace sau {

/// Gray levels in [0,255] -> the nearest of `levels` evenly spaced ones, halves to the even one
/// (specification B4.10).
torch::Tensor quantize(const torch::Tensor& levels_in, int64_t levels);
/// Quantizes with Floyd and Steinberg's diffusion of each pixel's error to its neighbors to the
/// right and below, then rounds to whole gray levels, which quantize() leaves fractional. images:
/// [n,C,H,W] in [0,255].
torch::Tensor quantize_dithered(const torch::Tensor& images, int64_t levels);

/// BPP (specification B4.10): the trigger is a coarse quantization. Negative images carry the
/// quantization error of another image, and keep their label.
class Bpp final : public InBatchAttack {
 public:
  Bpp(const InBatchAttackOptions& options, BppOptions method, const AttackScene& scene);

 protected:
  torch::Tensor poison(const torch::Tensor& x) override;
  torch::Tensor cross(const torch::Tensor& x, const ImageSet& source, Split split) override;
  int64_t cross_count(int64_t batch, int64_t poisoned) const override;
  const Normalizer& scale() const override { return scale_; }

 private:
  torch::Tensor quantized(const torch::Tensor& images) const;

  BppOptions method_;
  Normalizer scale_;
};

}  // namespace sau
