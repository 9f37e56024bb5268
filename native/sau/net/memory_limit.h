#pragma once
#include <c10/core/Allocator.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>

namespace sau {

/// Bounds the memory that tensors of this thread take on the CPU within a scope. An allocation
/// beyond it throws a c10::Error before the memory is touched.
class MemoryLimit {
 public:
  explicit MemoryLimit(int64_t bytes);

 private:
  c10::DebugInfoGuard guard_;
};

}  // namespace sau
