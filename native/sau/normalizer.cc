#include "sau/normalizer.h"

namespace sau {
namespace {

torch::Tensor per_channel(const std::vector<double>& values, const torch::Device& device) {
  TORCH_CHECK(values.size() == 3, "expected 3 channel constants, got ", values.size());
  return torch::tensor(values, torch::kFloat32).view({1, 3, 1, 1}).to(device);
}

std::vector<double> inverse_of(std::vector<double> values) {
  for (double& value : values) value = 1 / value;
  return values;
}

}  // namespace

Normalizer::Normalizer(const std::vector<double>& mean, const std::vector<double>& std,
                       const torch::Device& device)
    : mean_(per_channel(mean, device)),
      std_(per_channel(std, device)),
      inverse_std_(per_channel(inverse_of(std), device)) {}

torch::Tensor Normalizer::operator()(const torch::Tensor& pixels) const {
  return (pixels - mean_) / std_;
}

torch::Tensor Normalizer::pixels(const torch::Tensor& input) const {
  return input / inverse_std_ + mean_;
}

}  // namespace sau
