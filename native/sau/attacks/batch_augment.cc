#include "sau/attacks/batch_augment.h"

#include <numbers>

namespace sau {
namespace {

constexpr double kCropProbability = 0.8;
constexpr double kRotationProbability = 0.5;
constexpr double kFlipProbability = 0.5;

/// Rotates by reading, for each output pixel, the nearest pixel at the inversely rotated position.
torch::Tensor rotate(const torch::Tensor& images, double degrees) {
  const double angle = degrees * std::numbers::pi / 180;
  const double height = static_cast<double>(images.size(2)),
               width = static_cast<double>(images.size(3));
  // Coordinates run from -1 to 1 along both sides, whatever their length.
  const auto theta = torch::tensor({std::cos(angle), -std::sin(angle) * height / width, 0.0,
                                    std::sin(angle) * width / height, std::cos(angle), 0.0},
                                   torch::kFloat32)
                         .view({1, 2, 3});
  const auto grid = at::affine_grid_generator(theta, {1, 1, images.size(2), images.size(3)},
                                              /*align_corners=*/false)
                        .to(images.device())
                        .expand({images.size(0), -1, -1, -1});
  constexpr int64_t kNearest = 1, kZeros = 0;
  return at::grid_sampler(images, grid, kNearest, kZeros, /*align_corners=*/false);
}

}  // namespace

BatchAugmentation draw_augmentation(const BatchAugmentationRange& range,
                                    torch::Generator generator) {
  const auto uniform = at::rand({4}, generator, torch::TensorOptions(torch::kFloat64));
  const auto* draw = uniform.data_ptr<double>();
  const auto offsets = at::randint(2 * range.padding + 1, {2}, generator, torch::kInt64);
  BatchAugmentation result;
  if (draw[0] < kCropProbability) {
    result.padding = range.padding;
    result.top = offsets[0].item<int64_t>();
    result.left = offsets[1].item<int64_t>();
  }
  if (draw[1] < kRotationProbability) result.degrees = range.degrees * (2 * draw[2] - 1);
  result.flip = range.flip && draw[3] < kFlipProbability;
  return result;
}

torch::Tensor augment_batch(const torch::Tensor& images, const BatchAugmentation& draw) {
  auto result = images;
  if (draw.padding > 0) {
    const int64_t p = draw.padding;
    result = at::constant_pad_nd(result, {p, p, p, p})
                 .slice(2, draw.top, draw.top + images.size(2))
                 .slice(3, draw.left, draw.left + images.size(3));
  }
  if (draw.degrees != 0) result = rotate(result, draw.degrees);
  return draw.flip ? result.flip({3}) : result;
}

}  // namespace sau
