#include <immintrin.h>

#include "sau/net/winograd/kernels_avx2.h"

namespace sau::winograd::avx2 {
namespace {

constexpr int64_t kLanes = 8;
constexpr int64_t kTaps = 9;
constexpr int64_t kPositions = kWeightAxis * kWeightAxis;

// The transforms along an axis: of three taps to four positions and, of gradients, back.

struct Stride1 {
  static void points(const __m256 g[3], __m256 out[4]) {
    const auto half = _mm256_set1_ps(0.5F);
    const auto ends = _mm256_mul_ps(half, _mm256_add_ps(g[0], g[2]));
    const auto middle = _mm256_mul_ps(half, g[1]);
    out[0] = g[0];
    out[1] = _mm256_add_ps(ends, middle);
    out[2] = _mm256_sub_ps(ends, middle);
    out[3] = g[2];
  }
  static void taps(const __m256 u[4], __m256 out[3]) {
    const auto half = _mm256_set1_ps(0.5F);
    const auto ends = _mm256_mul_ps(half, _mm256_add_ps(u[1], u[2]));
    out[0] = _mm256_add_ps(u[0], ends);
    out[1] = _mm256_mul_ps(half, _mm256_sub_ps(u[1], u[2]));
    out[2] = _mm256_add_ps(ends, u[3]);
  }
};

struct Stride2 {
  static void points(const __m256 g[3], __m256 out[4]) {
    out[0] = g[0];
    out[1] = _mm256_add_ps(g[0], g[2]);
    out[2] = g[2];
    out[3] = g[1];
  }
  static void taps(const __m256 u[4], __m256 out[3]) {
    out[0] = _mm256_add_ps(u[0], u[1]);
    out[1] = u[3];
    out[2] = _mm256_add_ps(u[1], u[2]);
  }
};

/// The positions of eight input channels. weight: those of the first tap; turned: by half a turn.
template <class Stride>
void positions_of(const float* weight, int64_t in, bool turned, __m256 out[kPositions]) {
  __m256 columns[3][4];
  for (int j = 0; j < 3; ++j) {
    __m256 column[3];
    for (int i = 0; i < 3; ++i) {
      const int tap = 3 * i + j;
      column[i] = _mm256_loadu_ps(weight + (turned ? 8 - tap : tap) * in);
    }
    Stride::points(column, columns[j]);
  }
  for (int i = 0; i < 4; ++i) {
    const __m256 line[3] = {columns[0][i], columns[1][i], columns[2][i]};
    Stride::points(line, out + 4 * i);
  }
}

/// Eight rows of eight values become columns.
void transpose(__m256 rows[8]) {
  __m256 pairs[8], fours[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; ++j) {
      fours[i + 2 * j] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0x44);
      fours[i + 2 * j + 1] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0xEE);
    }
  }
  for (int i = 0; i < 4; ++i) {
    rows[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
    rows[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
  }
}

/// Matrices from this size on leave the cache before they are used: they are written past it, so
/// that their lines are not read first.
constexpr int64_t kLargeMatrices = 1 << 20;

/// Writes a line of sixteen values. After lines past the cache follows a fence().
void put(float* to, __m256 low, __m256 high, bool past_cache) {
  if (past_cache) {
    _mm256_stream_ps(to, low);
    _mm256_stream_ps(to + kLanes, high);
  } else {
    _mm256_storeu_ps(to, low);
    _mm256_storeu_ps(to + kLanes, high);
  }
}

/// Lets other threads see all lines that were written past the cache.
void fence() { _mm_sfence(); }

template <class Stride>
void matrices_of_weight(const float* weight, Weight shape, int64_t index,
                        const Matrices& matrices) {
  const bool is_large = matrices.size() >= kLargeMatrices;
  const int64_t step = kTaps * shape.in;
  for (int64_t c = 0; c < shape.in; c += kLanes) {
    __m256 values[kPanel][kPositions];
    for (int64_t o = 0; o < kPanel; ++o) {
      const float* from = weight + (index * kPanel + o) * step + c;
      positions_of<Stride>(from, shape.in, false, values[o]);
    }
    for (int p = 0; p < kPositions; ++p) {
      __m256 low[kLanes], high[kLanes];
      for (int o = 0; o < kLanes; ++o) {
        low[o] = values[o][p];
        high[o] = values[kLanes + o][p];
      }
      transpose(low);
      transpose(high);
      float* to = matrices.at(p).panel(index) + c * kPanel;
      for (int k = 0; k < kLanes; ++k) put(to + k * kPanel, low[k], high[k], is_large);
    }
  }
  fence();
}

/// Asks for what a pass over the rows of a weight reads some rows later.
void fetch_taps(const float* weight, Weight shape, int64_t o, int64_t c) {
  constexpr int64_t kAhead = 4;
  if (o + kAhead >= shape.out) return;
  const float* from = weight + (o + kAhead) * kTaps * shape.in + c;
  for (int64_t tap = 0; tap < kTaps; ++tap)
    _mm_prefetch(reinterpret_cast<const char*>(from + tap * shape.in), _MM_HINT_T0);
}

template <class Stride>
void matrices_of_turned_weight(const float* weight, Weight shape, int64_t index,
                               const Matrices& matrices) {
  const bool is_large = matrices.size() >= kLargeMatrices;
  for (int64_t c = 0; c < shape.in; c += kPanel) {
    for (int64_t o = index * kPanel; o < (index + 1) * kPanel; ++o) {
      fetch_taps(weight, shape, o, c);
      const float* from = weight + o * kTaps * shape.in + c;
      __m256 low[kPositions], high[kPositions];
      positions_of<Stride>(from, shape.in, true, low);
      positions_of<Stride>(from + kLanes, shape.in, true, high);
      float* to = matrices.at(0).panel(c / kPanel) + o * kPanel;
      for (int p = 0; p < kPositions; ++p, to += matrices.stride())
        put(to, low[p], high[p], is_large);
    }
  }
  fence();
}

template <class Stride>
void weight_of_matrices(const Matrices& matrices, Weight shape, int64_t index, float* weight) {
  for (int64_t o = 0; o < shape.out; ++o) {
    for (int64_t lane = 0; lane < kPanel; lane += kLanes) {
      const float* from = matrices.at(0).panel(index) + o * kPanel + lane;
      __m256 columns[4][3];
      for (int j = 0; j < 4; ++j) {
        __m256 column[4];
        for (int i = 0; i < 4; ++i)
          column[i] = _mm256_loadu_ps(from + (4 * i + j) * matrices.stride());
        Stride::taps(column, columns[j]);
      }
      float* to = weight + o * kTaps * shape.in + index * kPanel + lane;
      for (int i = 0; i < 3; ++i) {
        const __m256 line[4] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
        __m256 out[3];
        Stride::taps(line, out);
        for (int j = 0; j < 3; ++j) _mm256_storeu_ps(to + (3 * i + j) * shape.in, out[j]);
      }
    }
  }
}

}  // namespace

constinit const WeightTransforms kWeightsOfStride1{
    matrices_of_weight<Stride1>, matrices_of_turned_weight<Stride1>, weight_of_matrices<Stride1>};
constinit const WeightTransforms kWeightsOfStride2{
    matrices_of_weight<Stride2>, matrices_of_turned_weight<Stride2>, weight_of_matrices<Stride2>};

}  // namespace sau::winograd::avx2
