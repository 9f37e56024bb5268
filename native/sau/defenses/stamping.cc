#include "sau/defenses/stamping.h"

#include <cmath>

namespace sau {
namespace {

constexpr double kWhite = 255;

/// As a picture of 8 bits whose values are stretched to the whole range: gray levels.
torch::Tensor stretched(const torch::Tensor& values) {
  constexpr double kSmallestRange = 1e-5;
  const auto low = values.min();
  const auto range = (values.max() - low).clamp_min(kSmallestRange);
  return ((values - low) / range * kWhite + 0.5).floor().clamp(0, kWhite);
}

}  // namespace

torch::Tensor stamp(const torch::Tensor& images, const torch::Tensor& mask,
                    const torch::Tensor& pattern) {
  const auto x = images.to(torch::kFloat32);
  return (x + mask * (kWhite * pattern - x)).clamp(0, kWhite);
}

torch::Tensor stamp_from_pictures(const torch::Tensor& images, const torch::Tensor& mask,
                                  const torch::Tensor& pattern) {
  const auto x = images.to(torch::kFloat32);
  const auto sum = (1 - stretched(mask) / kWhite) * x + stretched(mask * pattern);
  return sum.floor().remainder(kWhite + 1);
}

torch::Tensor sheet_of(const torch::Tensor& pictures) {
  const int64_t count = pictures.size(0), height = pictures.size(2), width = pictures.size(3);
  const auto columns = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const int64_t rows = (count + columns - 1) / columns;
  const auto black = torch::zeros({rows * columns - count, 3, height, width}, pictures.options());
  const auto bytes = (torch::cat({pictures, black}) * kWhite + 0.5).floor().clamp(0, kWhite);
  return bytes.view({rows, columns, 3, height, width})
      .permute({2, 0, 3, 1, 4})
      .reshape({3, rows * height, columns * width})
      .to(torch::kUInt8);
}

}  // namespace sau
