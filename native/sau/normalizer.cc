#include "sau/normalizer.h"

#include <algorithm>

#include "sau/device.h"
#include "sau/net/cost.h"

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

torch::Tensor counted(torch::Tensor logits, const std::shared_ptr<Passes>& passes) {
  const int64_t images = logits.size(0);
  passes->forward += images;
  if (logits.requires_grad()) {
    logits.register_hook([passes, images](const torch::Tensor&) { passes->backward += images; });
  }
  return logits;
}

int64_t FrozenPixelClassifier::images_per_pass(const torch::Tensor& images) const {
  constexpr int64_t kMost = 1000;  // on an accelerator; the CPU's chunk is smaller
  if (chunk_ > 0) return chunk_;
  return std::min(
      chunk_size(images.device(), kMost),
      images_within_memory(frozen_->graph(), images.size(2), images.size(3), precision_));
}

}  // namespace sau
