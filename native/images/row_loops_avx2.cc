#include <immintrin.h>

#include "images/plain_loops.h"

namespace sau::images {
namespace {

/// The channels of a pixel at a time, and a fourth that nobody reads.
void resample_row(const uint8_t* row, const WeightSpans& weights, uint8_t* out) {
  const auto* values = weights.values;
  for (int64_t i = 0; i < weights.count; ++i) {
    const auto* pixel = row + weights.firsts[i] * kChannels;
    auto sums = _mm_set1_epi32(kHalf);
    for (int64_t j = 0; j < weights.taps; ++j, pixel += kChannels) {
      const auto channels = _mm_cvtepu8_epi32(_mm_loadu_si32(pixel));
      sums = _mm_add_epi32(sums, _mm_mullo_epi32(channels, _mm_set1_epi32(*values++)));
    }
    const auto levels = _mm_packus_epi32(_mm_srai_epi32(sums, kFractionBits), sums);
    const auto bytes = _mm_cvtsi128_si32(_mm_packus_epi16(levels, levels));
    for (int64_t c = 0; c < kChannels; ++c)
      out[c * weights.count + i] = static_cast<uint8_t>(bytes >> (8 * c));
  }
}

}  // namespace

const RowLoops kAvx2Loops{resample_row, split_row, add_row, clip_row};

}  // namespace sau::images
