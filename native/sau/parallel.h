#pragma once
#include <ATen/TensorIterator.h>

#include "sau/torch.h"

namespace sau {

/// Calls work(0) to work(count - 1), by LibTorch's threads; at::get_thread_num() says which one.
/// at::parallel_for is compiled with its caller, and uses one thread where that is compiled without
/// OpenMP, as the package is. The loop of a TensorIterator is compiled in LibTorch.
template <class Work>
void for_each_index(int64_t count, const Work& work) {
  torch::Tensor indices = at::arange(count, at::kLong);
  const auto loop = [&](char** data, const int64_t* strides, int64_t size, int64_t lines) {
    for (int64_t line = 0; line < lines; ++line)
      for (int64_t i = 0; i < size; ++i)
        work(*reinterpret_cast<const int64_t*>(data[0] + line * strides[1] + i * strides[0]));
  };
  at::TensorIterator::nullary_op(indices).for_each(loop, /*grain_size=*/1);
}

}  // namespace sau
