#pragma once
#include <unordered_map>
#include <utility>
#include <vector>

#include "sau/torch.h"

namespace sau {

/// Gradients of the weights of large linear layers as the factors of which they are products: what
/// a layer has taken, [n,in], and the gradient of what it has given, [n,out]. For the images of a
/// batch these are far smaller than the weight.
class LinearGradients {
 public:
  /// Whether the gradient of a weight is kept so.
  static bool take(const torch::Tensor& weight);

  void add(const torch::Tensor& weight, const torch::Tensor& taken, const torch::Tensor& gradient);
  bool has(const torch::Tensor& weight) const {
    return factors_.contains(weight.unsafeGetTensorImpl());
  }
  /// Rows begin to end-1 of a weight's gradient, [end-begin,in].
  torch::Tensor rows(const torch::Tensor& weight, int64_t begin, int64_t end) const;
  void clear() { factors_.clear(); }

 private:
  using Factors = std::pair<torch::Tensor, torch::Tensor>;
  std::unordered_map<const c10::TensorImpl*, std::vector<Factors>> factors_;
};

/// For a scope and its thread, the weights' gradients of large linear layers are added to these
/// and not to the weights' own. Passes forward and backward both lie in it.
class LinearGradientsGuard {
 public:
  explicit LinearGradientsGuard(LinearGradients& gradients);
  ~LinearGradientsGuard();
  LinearGradientsGuard(const LinearGradientsGuard&) = delete;
  LinearGradientsGuard& operator=(const LinearGradientsGuard&) = delete;

 private:
  LinearGradients* before_;
};

/// x [...,in] times the transposed weight [out,in], plus bias [out].
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight,
                     const torch::Tensor& bias);

}  // namespace sau
