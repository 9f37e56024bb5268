#include "sau/net/memory_limit.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <memory>

namespace sau {
namespace {

/// The allocator reports to it as to a profiler, after it has reserved addresses and before
/// anything is written there.
class Bound : public c10::MemoryReportingInfoBase {
 public:
  explicit Bound(int64_t bytes) : most_(bytes) {}
  void reportMemoryUsage(void* memory, int64_t bytes, size_t, size_t, c10::Device) override {
    used_ += bytes;
    if (bytes <= 0 || used_ <= most_) return;
    used_ -= bytes;
    c10::free_cpu(memory);
    TORCH_CHECK(false, "expected to need at most ", most_ >> 20, " MiB, got ",
                (used_ + bytes) >> 20, " MiB");
  }
  bool memoryProfilingEnabled() const override { return true; }

 private:
  int64_t most_, used_ = 0;
};

}  // namespace

MemoryLimit::MemoryLimit(int64_t bytes)
    : guard_(c10::DebugInfoKind::PROFILER_STATE, std::make_shared<Bound>(bytes)) {}

}  // namespace sau
