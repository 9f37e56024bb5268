#include "images/row_loops.h"

#include "images/plain_loops.h"
#include "platform/cpu.h"

namespace sau::images {
namespace {

void resample_row(const uint8_t* row, const WeightSpans& weights, uint8_t* out) {
  const auto* values = weights.values;
  for (int64_t i = 0; i < weights.count; ++i, values += weights.taps) {
    const auto* pixel = row + weights.firsts[i] * kChannels;
    for (int64_t c = 0; c < kChannels; ++c) {
      int32_t sum = kHalf;
      for (int64_t j = 0; j < weights.taps; ++j) sum += pixel[j * kChannels + c] * values[j];
      out[c * weights.count + i] = level_of(sum);
    }
  }
}

constexpr RowLoops kPlainLoops{resample_row, split_row, add_row, clip_row};

}  // namespace

const RowLoops& row_loops() {
#ifdef SAU_X64
  static const bool fast = platform::has_avx2();
  if (fast) return kAvx2Loops;
#endif
  return kPlainLoops;
}

}  // namespace sau::images
