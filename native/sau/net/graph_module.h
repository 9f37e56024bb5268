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
  /// Whether passes in training mode leave the running statistics as they are.
  void keep_statistics(bool keep) { keeps_statistics_ = keep; }
  bool keeps_statistics() const { return keeps_statistics_; }
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
  bool keeps_statistics_ = false;
};

/// For a scope, batch norms in training mode use the statistics of the batch and leave the running
/// ones as they are.
class StatisticsGuard {
 public:
  explicit StatisticsGuard(GraphModule& module)
      : module_(module), before_(module.keeps_statistics()) {
    module_.keep_statistics(true);
  }
  ~StatisticsGuard() { module_.keep_statistics(before_); }
  StatisticsGuard(const StatisticsGuard&) = delete;
  StatisticsGuard& operator=(const StatisticsGuard&) = delete;

 private:
  GraphModule& module_;
  bool before_;
};

}  // namespace sau
