#pragma once
#include "images/row_loops.h"

// Loops that the compiler makes what it can of. Each file that includes them has its own, because
// the files are compiled for different processors; for this reason they call no inline function of
// the standard library either.
namespace sau::images {
namespace {

inline uint8_t level_of(int32_t sum) {
  const int32_t level = sum >> kFractionBits;
  return static_cast<uint8_t>(level < 0 ? 0 : level > 255 ? 255 : level);
}

inline void split_row(const uint8_t* row, int64_t count, uint8_t* out) {
  for (int64_t x = 0; x < count; ++x) {
    for (int64_t c = 0; c < kChannels; ++c) out[c * count + x] = row[x * kChannels + c];
  }
}

inline void add_row(const uint8_t* row, int32_t weight, int64_t count, int32_t* sums) {
  for (int64_t i = 0; i < count; ++i) sums[i] += row[i] * weight;
}

inline void clip_row(const int32_t* sums, int64_t count, uint8_t* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = level_of(sums[i]);
}

}  // namespace
}  // namespace sau::images
