#pragma once
#include <vector>

#include "sau/net/graph.h"
#include "sau/torch.h"

namespace sau {

/// An image classifier that can be trained: normalized images [N,3,H,W] -> logits float32 [N,K].
/// Computes in the dtype of its input; parameters stay float32. Parameters and buffers are
/// registered under the checkpoint's keys, in the order of the state dict.
class GraphModule : public torch::nn::Module {
 public:
  /// Draws fresh weights from LibTorch's generator, in the order of the state dict.
  explicit GraphModule(Graph graph);

  torch::Tensor forward(const torch::Tensor& x) const;
  const Graph& graph() const { return graph_; }
  /// A weight by its position in Graph::weights.
  const torch::Tensor& weight(size_t position) const { return weights_[position]; }

 private:
  torch::nn::Module& module_of(const std::string& path);
  torch::Tensor convolve(const op::Conv2d& conv, torch::Tensor x) const;
  torch::Tensor normalize(const op::BatchNorm& norm, const torch::Tensor& x) const;
  torch::Tensor normalize(const op::LayerNorm& norm, const torch::Tensor& x) const;
  torch::Tensor multiply(const op::Linear& linear, const torch::Tensor& x) const;
  /// A weight in the dtype of a value.
  torch::Tensor weight_like(size_t position, const torch::Tensor& x) const;

  Graph graph_;
  std::vector<int64_t> uses_;
  std::vector<torch::Tensor> weights_;  ///< the registered tensors themselves
};

}  // namespace sau
