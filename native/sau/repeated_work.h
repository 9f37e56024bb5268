#pragma once
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "sau/device.h"
#include "sau/torch.h"

namespace sau {

/// Work that is done again and again on inputs of a few shapes, such as a step on full batches and
/// on the last, smaller one. Each shape has inputs of its own at fixed addresses; after a few times
/// the work is recorded and from then on repeated as a whole. On the CPU a record is the work
/// itself, so that all the rest runs there as well.
class RepeatedWork {
 public:
  using Work = std::function<void(const std::vector<torch::Tensor>& inputs)>;
  explicit RepeatedWork(Work work) : work_(std::move(work)) {}

  /// The first input's first dimension tells the shape. Undefined inputs stay so.
  void operator()(const std::vector<torch::Tensor>& inputs);

 private:
  struct Shape {
    std::vector<torch::Tensor> inputs;
    int64_t times = 0;
    std::unique_ptr<Recording> recording;
  };

  Work work_;
  std::map<int64_t, Shape> shapes_;
};

}  // namespace sau
