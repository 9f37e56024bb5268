#pragma once
#include "sau/net/convolution_form.h"
#include "sau/torch.h"

namespace sau {

/// For a scope and its thread, values are computed so that their gradients have gradients too. They
/// are the same up to rounding.
class SecondOrderGuard {
 public:
  SecondOrderGuard();
  ~SecondOrderGuard();
  SecondOrderGuard(const SecondOrderGuard&) = delete;
  SecondOrderGuard& operator=(const SecondOrderGuard&) = delete;

 private:
  bool before_;
};

/// Whether such a scope is open.
bool is_second_order();

/// conv2d, by Winograd's method where that is faster. In a scope of SecondOrderGuard it is one
/// whose second derivatives cost as much as first ones: LibTorch's convolve maps with maps for that
/// of the weight, and do so even where the weight takes no gradient. bias may be undefined.
torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight,
                          const torch::Tensor& bias, const ConvolutionForm& form);

}  // namespace sau
