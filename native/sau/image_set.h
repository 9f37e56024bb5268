#pragma once
#include "sau/torch.h"

namespace sau {

/// Images and labels resident on the device.
struct ImageSet {
  torch::Tensor images;       ///< uint8 [N,3,H,W]
  torch::Tensor labels;       ///< int64 [N]; for poisoned images the attack's labels
  torch::Tensor true_labels;  ///< int64 [N]

  int64_t size() const { return images.size(0); }
  /// Pixels in [0,1], float32 [n,3,H,W]. indices: int64 [n] on the device.
  torch::Tensor pixels(const torch::Tensor& indices) const;
  /// Pixels of the images begin to end-1, as pixels(indices) gives them.
  torch::Tensor pixels(int64_t begin, int64_t end) const;
};

/// Checks shapes, dtypes and that every label is in [0, num_classes), then copies to the device.
/// images: uint8 [N,3,H,W]; labels, true_labels: int32 [N], all on the host. Throws ERR_DATASET.
ImageSet make_image_set(const torch::Tensor& images, const torch::Tensor& labels,
                        const torch::Tensor& true_labels, int64_t num_classes,
                        const torch::Device& device);

/// uint8 images -> float32 pixels in [0,1], channels last.
torch::Tensor to_pixels(const torch::Tensor& images);

}  // namespace sau
