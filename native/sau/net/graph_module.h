#pragma once
#include <optional>
#include <vector>

#include "sau/net/graph.h"
#include "sau/net/remade.h"
#include "sau/net/taps.h"
#include "sau/torch.h"

namespace sau {

/// An image classifier that can be trained: normalized images [N,3,H,W] -> logits float32 [N,K].
/// Computes in the dtype of its input; parameters stay float32. Parameters and buffers are
/// registered under the checkpoint's keys, in the order of the state dict.
class GraphModule : public torch::nn::Module {
 public:
  /// Draws fresh weights from LibTorch's generator, in the order of the state dict.
  explicit GraphModule(Graph graph);

  torch::Tensor forward(const torch::Tensor& x) const { return forward(x, weights_, {}); }
  /// A pass with weights in the place of the module's own, by their positions in Graph::weights,
  /// and the values of some nodes. Training mode changes the running statistics that it is given.
  torch::Tensor forward(const torch::Tensor& x, const std::vector<torch::Tensor>& weights,
                        const Taps& taps) const;
  const Graph& graph() const { return graph_; }
  /// The weights themselves, by their positions in Graph::weights.
  const std::vector<torch::Tensor>& weights() const { return weights_; }
  /// Whether passes in training mode leave the running statistics as they are.
  void keep_statistics(bool keep) { keeps_statistics_ = keep; }
  bool keeps_statistics() const { return keeps_statistics_; }
  const torch::Tensor& weight(size_t position) const { return weights_[position]; }

 private:
  torch::nn::Module& module_of(const std::string& path);
  torch::Tensor normalize(const op::BatchNorm& norm, const std::vector<torch::Tensor>& weights,
                          const torch::Tensor& x) const;
  /// recipe: filled where those who take the value shall make it again.
  torch::Tensor normalize(const NormGroup& group, const std::vector<torch::Tensor>& weights,
                          const torch::Tensor& x, std::optional<Recipe>& recipe) const;
  NormArguments arguments_of(const op::BatchNorm& norm,
                             const std::vector<torch::Tensor>& weights) const;
  /// By the nodes of their norms and their ends; those that a pass computes as groups.
  std::vector<const NormGroup*> groups_of_pass(const std::vector<int64_t>& uses) const;

  Graph graph_;
  std::vector<int64_t> uses_;
  std::vector<NormGroup> groups_;
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
