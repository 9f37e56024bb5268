#pragma once
#include <vector>

#include "sau/torch.h"

namespace sau {

/// Hides bits in an image (specification B4.5): a U-net over the image and three more planes, over
/// which a linear layer spreads the bits. Height and width must be multiples of 16.
class StegaEncoder : public torch::nn::Module {
 public:
  explicit StegaEncoder(int64_t bits);
  /// bits: float32 [N,bits] of 0 and 1; images: pixels [N,3,H,W]. Returns pixels of that shape.
  torch::Tensor forward(const torch::Tensor& bits, const torch::Tensor& images);

 private:
  /// Enlarges x by 2 (nearest), appends a zero row and column, then a 2x2 convolution and ReLU.
  /// Gives the shape of the level above.
  torch::Tensor up(size_t level, const torch::Tensor& x);

  torch::nn::Linear secret_dense_;
  std::vector<torch::nn::Conv2d> down_;   ///< 5: the first keeps the size, each other halves it
  std::vector<torch::nn::Conv2d> up_;     ///< 4, from the smallest level to the largest
  std::vector<torch::nn::Conv2d> merge_;  ///< 4, each after the skip connection of its level
  torch::nn::Conv2d last_{nullptr}, out_{nullptr};
};

/// Reads the bits of an image: seven convolutions, five of which halve the size, and two linear
/// layers.
class StegaDecoder : public torch::nn::Module {
 public:
  StegaDecoder(int64_t bits, int64_t height, int64_t width);
  /// Pixels [N,3,H,W] -> logits [N,bits].
  torch::Tensor forward(const torch::Tensor& images);

 private:
  std::vector<torch::nn::Conv2d> convolutions_;
  torch::nn::Linear hidden_{nullptr}, out_{nullptr};
};

}  // namespace sau
