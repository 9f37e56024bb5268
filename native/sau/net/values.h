#pragma once
#include <utility>
#include <vector>

#include "sau/torch.h"

namespace sau {

/// The values of one pass through a graph, by the node that made them. A value is let go as soon as
/// its last user has taken it.
class Values {
 public:
  /// uses: how often each value is taken.
  explicit Values(std::vector<int64_t> uses) : uses_(std::move(uses)), values_(uses_.size()) {}
  void put(size_t node, torch::Tensor value) { values_[node] = std::move(value); }
  torch::Tensor take(size_t node) {
    return --uses_[node] == 0 ? std::move(values_[node]) : values_[node];
  }

 private:
  std::vector<int64_t> uses_;
  std::vector<torch::Tensor> values_;
};

/// What a node takes. Each is taken once.
class Inputs {
 public:
  Inputs(Values& values, const std::vector<size_t>& nodes) : values_(values), nodes_(nodes) {}
  size_t size() const { return nodes_.size(); }
  torch::Tensor operator[](size_t k) const { return values_.take(nodes_[k]); }

 private:
  Values& values_;
  const std::vector<size_t>& nodes_;
};

}  // namespace sau
