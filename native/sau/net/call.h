#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sau/torch.h"

namespace sau {

/// Where and in what a pass through a graph computes.
struct Pass {
  torch::ScalarType dtype;
  torch::Device device;
};

/// What a node of a program does that is no other operation. Its values are tensors, numbers, and
/// lists and tuples of them.
class Callee {
 public:
  virtual ~Callee() = default;
  virtual c10::IValue operator()(std::vector<c10::IValue> inputs, const Pass& pass) const = 0;
};

namespace op {

struct Call {
  std::shared_ptr<const Callee> callee;
  std::vector<int64_t> shape;       ///< of its value for one image
  std::string only_evaluates = {};  ///< what it is, where training mode would do something else
};

/// A weight as a value, in the dtype of the pass if it has a fraction.
struct WeightValue {
  size_t weight;
  std::vector<int64_t> shape;
};

}  // namespace op
}  // namespace sau
