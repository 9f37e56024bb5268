#include "sau/plan.h"

#include <limits>

#include "sau/device.h"

namespace sau {

Plan make_plan(const Tuning& tuning, const torch::Device& device) {
  auto execution = tuning.execution;
  if (execution == Execution::kAuto) {
    if (device.is_cpu()) {
      execution = Execution::kDynamic;
    } else {
      execution = cuda_support() == nullptr ? Execution::kStatic : Execution::kRecorded;
    }
  }
  return {.dynamic_shapes = execution == Execution::kDynamic,
          .recorded = execution == Execution::kRecorded,
          .must_record = tuning.execution == Execution::kRecorded,
          .chunk = tuning.chunk > 0 || device.is_cpu() ? tuning.chunk
                                                       : std::numeric_limits<int64_t>::max(),
          .cache_bytes = tuning.cache_mib << 20};
}

}  // namespace sau
