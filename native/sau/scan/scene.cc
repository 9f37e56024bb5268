#include "sau/scan/scene.h"

#include <ATen/CPUGeneratorImpl.h>

namespace sau {

torch::Generator generator_of(uint64_t seed, int64_t label) {
  constexpr uint64_t kApart = 1'000'003;  // a prime above every number of classes
  return at::detail::createCPUGenerator(seed * kApart + static_cast<uint64_t>(label + 1));
}

void require_finite_logits(bool finite) {
  if (finite) return;
  throw Error("ERR_DIVERGED",
              "Expected finite logits in the scan but an image had others. Use the precision fp32, "
              "or check the checkpoint's weights");
}

}  // namespace sau
