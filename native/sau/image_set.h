#pragma once
#include "sau/torch.h"

namespace sau {

/// Images and labels resident on the device. Images that lie in a file mapped into memory stay
/// there, and the device gets what it asks for.
struct ImageSet {
  torch::Tensor images;       ///< uint8 [N,3,H,W]
  torch::Tensor labels;       ///< int64 [N]; for poisoned images the attack's labels
  torch::Tensor true_labels;  ///< int64 [N]
  bool is_mapped = false;     ///< whether images is memory of the caller's over a file

  int64_t size() const { return images.size(0); }
  torch::Device device() const { return labels.device(); }
  /// uint8 [n,3,H,W] on the device. indices: int64 [n].
  torch::Tensor select(const torch::Tensor& indices) const;
  /// The images begin to end-1.
  torch::Tensor select(int64_t begin, int64_t end) const;
  /// Pixels in [0,1], float32 [n,3,H,W]. indices: int64 [n] on the device.
  torch::Tensor pixels(const torch::Tensor& indices) const;
  /// Pixels of the images begin to end-1, as pixels(indices) gives them.
  torch::Tensor pixels(int64_t begin, int64_t end) const;
  /// Has the system read mapped images that are needed soon, while other work goes on. indices:
  /// int64 [n] on the host.
  void will_need(const torch::Tensor& indices) const;
  /// The images begin to end-1, of those that there are.
  void will_need(int64_t begin, int64_t end) const;
};

/// Images and labels on the host.
struct HostImages {
  torch::Tensor images;               ///< uint8 [N,3,H,W]
  torch::Tensor labels, true_labels;  ///< int32 [N]
  bool is_mapped;  ///< the images are memory over a file, which outlives what is made of them
};

/// Checks shapes, dtypes and that every label is in [0, num_classes), then copies to the device
/// what is not mapped. Throws ERR_DATASET.
ImageSet make_image_set(const HostImages& host, int64_t num_classes, const torch::Device& device);

/// uint8 images -> float32 pixels in [0,1], channels last.
torch::Tensor to_pixels(const torch::Tensor& images);

}  // namespace sau
