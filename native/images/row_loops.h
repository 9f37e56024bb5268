#pragma once
#include <cstdint>

// The loops over bytes: a table for each kind of processor. All compute the same integers.
namespace sau::images {

constexpr int64_t kChannels = 3;
/// Weights are fixed-point numbers with this many fractional bits, so that sums fit in 32 bits.
constexpr int kFractionBits = 22;
constexpr int32_t kHalf = 1 << (kFractionBits - 1);

/// What output pixels mix: pixel i takes `taps` source pixels from firsts[i] on, with the weights
/// from values[i * taps] on.
struct WeightSpans {
  const int64_t* firsts;
  const int32_t* values;
  int64_t count, taps;
};

struct RowLoops {
  /// row: [., 3] and one byte more; out: [3, count].
  void (*resample)(const uint8_t* row, const WeightSpans& weights, uint8_t* out);
  /// [count, 3] to [3, count].
  void (*split)(const uint8_t* row, int64_t count, uint8_t* out);
  /// Adds one weighted row to the sums of an output row.
  void (*add)(const uint8_t* row, int32_t weight, int64_t count, int32_t* sums);
  void (*clip)(const int32_t* sums, int64_t count, uint8_t* out);
};

/// For AVX2, in a file of its own that is compiled for it. Only on x64.
extern const RowLoops kAvx2Loops;

/// Those of this processor.
const RowLoops& row_loops();

}  // namespace sau::images
