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
  /// Of a program some values are numbers and lists, and some are never taken.
  void put(size_t node, c10::IValue value) {
    if (uses_[node] > 0) values_[node] = std::move(value);
  }
  c10::IValue take(size_t node) {
    return --uses_[node] == 0 ? std::move(values_[node]) : values_[node];
  }

 private:
  std::vector<int64_t> uses_;
  std::vector<c10::IValue> values_;
};

/// What a node takes. Each is taken once.
class Inputs {
 public:
  Inputs(Values& values, const std::vector<size_t>& nodes) : values_(values), nodes_(nodes) {}
  size_t size() const { return nodes_.size(); }
  torch::Tensor operator[](size_t k) const { return values_.take(nodes_[k]).toTensor(); }
  /// All of them, whatever they are.
  std::vector<c10::IValue> all() const {
    std::vector<c10::IValue> all;
    for (const size_t node : nodes_) all.push_back(values_.take(node));
    return all;
  }

 private:
  Values& values_;
  const std::vector<size_t>& nodes_;
};

}  // namespace sau
