#include "sau/attacks/bpp.h"

namespace sau {
namespace {

/// Dithers one channel of one image in place. plane: [height * width].
void dither_plane(float* plane, int64_t height, int64_t width, int64_t levels) {
  const float steps = static_cast<float>(levels - 1);
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      float* pixel = plane + y * width + x;
      const float level = std::nearbyint(*pixel / 255 * steps) / steps * 255;
      const float error = *pixel - level;
      *pixel = level;
      if (x + 1 < width) pixel[1] += error * 7 / 16;
      if (y + 1 == height) continue;
      if (x > 0) pixel[width - 1] += error * 3 / 16;
      pixel[width] += error * 5 / 16;
      if (x + 1 < width) pixel[width + 1] += error * 1 / 16;
    }
  }
}

}  // namespace

torch::Tensor quantize(const torch::Tensor& levels_in, int64_t levels) {
  const double steps = static_cast<double>(levels - 1);
  return (levels_in / 255 * steps).round() / steps * 255;
}

torch::Tensor quantize_dithered(const torch::Tensor& images, int64_t levels) {
  // Each pixel depends on its neighbors, so the CPU does this, for the few poisoned images of a
  // batch.
  const auto result = images.to(torch::kCPU, torch::kFloat32, /*non_blocking=*/false, /*copy=*/true,
                                at::MemoryFormat::Contiguous);
  const int64_t height = images.size(2), width = images.size(3);
  for (int64_t plane = 0; plane < images.size(0) * images.size(1); ++plane) {
    dither_plane(result.data_ptr<float>() + plane * height * width, height, width, levels);
  }
  return result.round().to(images.device());
}

Bpp::Bpp(const InBatchAttackOptions& options, BppOptions method, const AttackScene& scene)
    : InBatchAttack(options, scene),
      method_(std::move(method)),
      scale_(method_.mean, method_.std, scene.device) {}

torch::Tensor Bpp::quantized(const torch::Tensor& images) const {
  return method_.dither ? quantize_dithered(images, method_.levels)
                        : quantize(images, method_.levels);
}

torch::Tensor Bpp::poison(const torch::Tensor& x) {
  return scale_(quantized(scale_.pixels(x) * 255) / 255);
}

torch::Tensor Bpp::cross(const torch::Tensor& x, const ImageSet& source, Split split) {
  // The official tool draws from five copies of the set and keeps all images and all quantized
  // images as PNG files. Here both are computed when needed.
  constexpr int64_t kCopies = 5;
  const auto others = source.select(draw_others(x.size(0), source.size(), kCopies));
  const auto clean = others.to(torch::kFloat32);
  const auto error = quantized(clean).clamp(0, 255).to(torch::kUInt8).to(torch::kFloat32) - clean;
  const auto levels = scale_.pixels(x) * 255;
  // For test images the error is subtracted and nothing is clamped: they only serve a metric.
  const auto changed = split == Split::kTrain ? (levels + error).clamp(0, 255) : levels - error;
  return scale_(changed / 255);
}

int64_t Bpp::cross_count(int64_t batch, int64_t poisoned) const {
  return poisoned == 0 ? 0 : part_of(batch, method_.negative_ratio);
}

}  // namespace sau
