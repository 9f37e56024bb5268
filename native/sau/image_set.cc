#include "sau/image_set.h"

#include "platform/system.h"
#include "sau/error.h"

namespace sau {
namespace {

void check_labels(const char* what, const torch::Tensor& labels, int64_t num_classes) {
  const auto lowest = labels.min().item<int64_t>();
  const auto highest = labels.max().item<int64_t>();
  if (lowest < 0 || highest >= num_classes) {
    throw Error("ERR_DATASET", std::string("Expected ") + what + " in 0.." +
                                   std::to_string(num_classes - 1) + " but found " +
                                   std::to_string(lowest < 0 ? lowest : highest) +
                                   ". Check that the data belongs to this model");
  }
}

}  // namespace

torch::Tensor to_pixels(const torch::Tensor& images) {
  return images
      .to(torch::kFloat32, /*non_blocking=*/false, /*copy=*/true, at::MemoryFormat::ChannelsLast)
      .div_(255.0);
}

torch::Tensor ImageSet::select(const torch::Tensor& indices) const {
  return images.index_select(0, indices.to(images.device())).to(device());
}

torch::Tensor ImageSet::select(int64_t begin, int64_t end) const {
  return images.slice(0, begin, end).to(device());
}

torch::Tensor ImageSet::pixels(const torch::Tensor& indices) const {
  return to_pixels(select(indices));
}

torch::Tensor ImageSet::pixels(int64_t begin, int64_t end) const {
  return to_pixels(select(begin, end));
}

void ImageSet::will_need(const torch::Tensor& indices) const {
  if (!is_mapped) return;
  const auto* positions = indices.data_ptr<int64_t>();
  for (int64_t i = 0; i < indices.size(0); ++i) will_need(positions[i], positions[i] + 1);
}

void ImageSet::will_need(int64_t begin, int64_t end) const {
  end = std::min(end, size());
  if (!is_mapped || begin >= end) return;
  const int64_t bytes = images[0].numel();
  platform::read_ahead(images.data_ptr<uint8_t>() + begin * bytes,
                       static_cast<size_t>((end - begin) * bytes));
}

ImageSet make_image_set(const HostImages& host, int64_t num_classes, const torch::Device& device) {
  const auto& [images, labels, true_labels, is_mapped] = host;
  TORCH_CHECK(images.dim() == 4 && images.size(1) == 3 && images.scalar_type() == torch::kUInt8,
              "images must be uint8 [N,3,H,W], got ", images.scalar_type(), " ", images.sizes());
  if (images.size(0) == 0)
    throw Error("ERR_DATASET", "Expected at least one image but the set is empty");
  TORCH_CHECK(
      labels.sizes() == at::IntArrayRef({images.size(0)}) && true_labels.sizes() == labels.sizes(),
      "labels must be [", images.size(0), "], got ", labels.sizes(), " and ", true_labels.sizes());
  check_labels("labels", labels, num_classes);
  check_labels("true labels", true_labels, num_classes);
  // The caller may reuse the memory of the arguments, so always copy.
  const auto on_device = [&](const torch::Tensor& t, torch::ScalarType dtype) {
    return t.to(torch::TensorOptions(device).dtype(dtype), /*non_blocking=*/false, /*copy=*/true);
  };
  return {is_mapped ? images : on_device(images, torch::kUInt8), on_device(labels, torch::kInt64),
          on_device(true_labels, torch::kInt64), is_mapped};
}

}  // namespace sau
