#include "sau/normalizer.h"

namespace sau {
namespace {

torch::Tensor per_channel(const std::vector<double>& values, const torch::Device& device) {
  TORCH_CHECK(values.size() == 3, "expected 3 channel constants, got ", values.size());
  return torch::tensor(values, torch::kFloat32).view({1, 3, 1, 1}).to(device);
}

}  // namespace

Normalizer::Normalizer(const std::vector<double>& mean, const std::vector<double>& std,
                       const torch::Device& device)
    : mean_(per_channel(mean, device)), std_(per_channel(std, device)) {}

torch::Tensor Normalizer::operator()(const torch::Tensor& pixels) const {
  return (pixels - mean_) / std_;
}

}  // namespace sau
